// What each identity provider calls the two values, and where they go.

export const PROVIDERS = {
  entra: { name: 'Microsoft Entra ID', title: 'Azure Generic SCIM',
    where: 'Enterprise applications → your application → Provisioning',
    url: 'Tenant URL', secret: 'Secret token',
    then: 'Provisioning Mode: Automatic → Admin Credentials → Test Connection',
    notes: ['Map externalId to objectId before the first cycle: mailNickname'
      + ' can change, and then people are matched wrongly.',
    'Add a notification e-mail, and tick "Prevent accidental deletions".'] },
  okta: { name: 'Okta', title: 'Okta',
    where: 'Applications → your application → Provisioning → Integration',
    url: 'SCIM connector base URL', secret: 'Authorization: Bearer',
    then: 'Unique identifier field: userName; Authentication Mode: HTTP Header;'
      + ' Test Connector Configuration',
    notes: ['Tick Push New Users, Push Profile Updates and Push Groups.'] },
  onelogin: { name: 'OneLogin', title: 'OneLogin',
    where: 'Applications → SCIM Provisioner with SAML → Configuration',
    url: 'SCIM Base URL', secret: 'SCIM Bearer Token',
    then: 'API Connection: Enable, then Provisioning: Enable',
    notes: ['SCIM JSON Template: keep userName and emails.'] },
  generic: { name: 'Another provider', title: 'Generic SCIM',
    where: 'the provisioning page of your provider', url: 'SCIM base URL',
    secret: 'Bearer token', then: 'its connection test',
    notes: ['Any client of SCIM 2.0 (RFC 7644) works.'] },
};

// Microsoft Graph by az: everything that the portal asks for, and no secret in
// the text.
export const entraScript = (tenantUrl, name) => `#!/bin/bash
# Creates the enterprise application and its provisioning job in Entra ID.
# Needs: az login (Application Administrator). Asks for the secret token.
set -euo pipefail
NAME=${quote(name)}
TENANT_URL=${quote(tenantUrl)}
GRAPH=https://graph.microsoft.com
read -rp 'Notification e-mail: ' MAIL
read -rsp 'Secret token: ' SECRET; echo

FILE=$(mktemp); trap 'rm -f "$FILE"' EXIT
graph() { az rest --only-show-errors --headers Content-Type=application/json "$@"; }

# The template of applications that are not in the gallery.
graph --method POST -o none \\
  --url "$GRAPH/v1.0/applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621/instantiate" \\
  --body "$(jq -n --arg n "$NAME" '{displayName: $n}')"
for _ in $(seq 30); do
  SP=$(graph --method GET --url "$GRAPH/v1.0/servicePrincipals?\\$filter=displayName eq '$NAME'" --query 'value[0].id' -o tsv)
  [ -n "$SP" ] && break; sleep 2
done
SYNC="$GRAPH/v1.0/servicePrincipals/$SP/synchronization"
graph --method PUT -o none --url "$SYNC/secrets" --body "$(jq -n \\
  --arg u "$TENANT_URL" --arg s "$SECRET" --arg m "$MAIL" '{value: [
    {key: "BaseAddress", value: $u}, {key: "SecretToken", value: $s},
    {key: "SyncNotificationSettings", value:
      ({Enabled: true, Recipients: $m, DeleteThresholdEnabled: true,
        DeleteThresholdValue: 50} | tostring)}]}')"
TEMPLATE=$(graph --method GET --url "$SYNC/templates" --query 'value[0].id' -o tsv)
JOB=$(graph --method POST --url "$SYNC/jobs" --query id -o tsv \\
  --body "$(jq -n --arg t "$TEMPLATE" '{templateId: $t}')")

# externalId <- objectId in both mappings, everything else as it comes.
graph --method GET --url "$SYNC/jobs/$JOB/schema" |
  jq '(.synchronizationRules[].objectMappings[]?.attributeMappings[]?
       | select(.targetAttributeName == "externalId") | .source) =
      {expression: "[objectId]", name: "objectId", type: "Attribute", parameters: []}' |
  jq -c '{directories, synchronizationRules}' > "$FILE"
graph --method PUT -o none --url "$SYNC/jobs/$JOB/schema" --body @"$FILE"

graph --method POST -o none --url "$SYNC/jobs/$JOB/validateCredentials" \\
  --body '{"useSavedCredentials": true}'
graph --method POST -o none --url "$SYNC/jobs/$JOB/start"
echo "The job runs: assign users and groups to \\"$NAME\\" in the portal."
`;

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export const entraMappings = {
  users: {
    userName: 'userPrincipalName', externalId: 'objectId',
    active: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")',
    displayName: 'displayName', 'name.givenName': 'givenName',
    'name.familyName': 'surname', 'emails[type eq "work"].value': 'mail',
  },
  groups: { displayName: 'displayName', externalId: 'objectId',
    members: 'members' },
};
