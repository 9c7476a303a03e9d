// What each identity provider calls the two values, where they go, and what
// else its page asks for, in the order of that page.

export const PROVIDERS = {
  entra: { name: 'Microsoft Entra ID', title: 'Azure Generic SCIM',
    site: 'the Entra admin center',
    where: 'Enterprise applications → your application → Provisioning',
    before: [['Provisioning Mode', 'Automatic']],
    url: 'Tenant URL', secret: 'Secret token',
    then: 'Test Connection, then Save', test: 'Test Connection',
    after: [
      ['Mappings → Users', 'externalId from objectId: mailNickname can change'],
      ['Settings → Notification', 'an e-mail address that somebody reads'],
      ['Settings → Prevent accidental deletion', 'on'],
      ['Users and groups', 'whom to provision'],
      ['Provisioning Status', 'On']] },
  okta: { name: 'Okta', title: 'Okta', site: 'the Okta Admin Console',
    where: 'Applications → your application → Provisioning → Integration →'
      + ' Edit',
    before: [],
    url: 'SCIM connector base URL', secret: 'HTTP Header: Authorization',
    between: [['Unique identifier field for users', 'userName'],
      ['Supported provisioning actions', 'Push New Users, Push Profile Updates,'
        + ' Push Groups'],
      ['Authentication Mode', 'HTTP Header']],
    then: 'Test Connector Configuration, then Save',
    test: 'Test Connector Configuration',
    after: [['Provisioning → To App', 'Create Users, Update User Attributes,'
      + ' Deactivate Users'],
    ['Provisioning → To App → Sync Password', 'off, unless this app keeps'
      + ' passwords'],
    ['Assignments', 'whom to provision'],
    ['Push Groups', 'the groups that are to arrive, with their members']] },
  onelogin: { name: 'OneLogin', title: 'OneLogin',
    site: 'the OneLogin administration',
    where: 'Applications → SCIM Provisioner with SAML (SCIM v2 Enterprise) →'
      + ' Configuration',
    before: [],
    url: 'SCIM Base URL', secret: 'SCIM Bearer Token',
    between: [['SCIM JSON Template', 'as it comes; userName and emails stay'],
      ['Custom Headers', 'none']],
    then: 'API Connection: Enable, then Save', test: 'the API connection',
    after: [['Provisioning → Workflow', 'Enable provisioning'],
      ['Provisioning → When users are deleted', 'Suspend, or Delete'],
      ['Parameters → Groups', 'Include in User Provisioning'],
      ['Rules', 'Set Groups, for the groups that are to arrive']] },
  generic: { name: 'Another provider', title: 'Generic SCIM',
    site: 'your provider', where: 'its provisioning page',
    before: [['Protocol', 'SCIM 2.0'],
      ['Authentication', 'bearer token (OAuth bearer, HTTP header)']],
    url: 'SCIM base URL', secret: 'Bearer token',
    then: 'its connection test', test: 'the first contact',
    after: [['Unique identifier', 'userName'],
      ['externalId', 'an id that never changes'],
      ['Groups', 'push them, if their members are to get roles']] },
};

export const providerOf = (kind) => PROVIDERS[kind] || PROVIDERS.generic;
