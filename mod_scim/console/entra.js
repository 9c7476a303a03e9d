// What replaces twenty clicks in Entra: a script for az and jq, which calls
// Microsoft Graph, and the attribute mappings that it makes. Nothing of it
// holds the secret token.

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// A comment's line cannot be left.
const plain = (text) => text.replace(/[^\x20-\x7e]+/g, '?');

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

// The calls are those of "Configure provisioning using Microsoft Graph APIs"
// (learn.microsoft.com); 8adf8e6e-... is the template of applications that are
// not in the gallery, in every tenant of the global cloud.
export const entraScript = (tenantUrl, name) => `#!/bin/bash
# Connects ${plain(name)} in Microsoft Entra ID: makes the enterprise
# application and its provisioning job, tests tenant URL and secret token, saves
# them, maps externalId to objectId, sets the notification e-mail, and starts.
#
# Needs az, signed in as Application Administrator (az login), and jq; the Azure
# Cloud Shell has both. The secret token is asked for: it is not in this text,
# in no argument of a program, and in no file that stays.
set -euo pipefail

NAME=${quote(name)}
TENANT_URL=${quote(tenantUrl)}
GRAPH=https://graph.microsoft.com/v1.0
TEMPLATE=8adf8e6e-67b2-4cf2-a259-e3dc5476c621
SP=

fail() {
  echo "Stopped: $*" >&2
  [ -z "$SP" ] || echo "The application \\"$NAME\\" is there, half set up: delete it" \\
    "before you run this again, or go on by hand." >&2
  exit 1
}

# graph METHOD PATH [FILE WITH THE BODY]
graph() {
  az rest --only-show-errors --method "$1" --url "$GRAPH/$2" \\
    --headers Content-Type=application/json \${3:+--body "@$3"}
}

for tool in az jq; do
  command -v "$tool" >/dev/null || fail "$tool is not installed."
done
az account show >/dev/null 2>&1 || fail "az is not signed in: az login"
umask 077
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

read -rp 'Notification e-mail: ' MAIL
read -rsp 'Secret token: ' SECRET
echo
case $SECRET in
  mscim1_*) ;;
  *) fail "this is no secret token of $TENANT_URL" ;;
esac

echo "1. Is the name free?"
FILTER=$(jq -rn --arg name "$NAME" \\
  '"displayName eq \\u0027" + ($name | gsub("\\u0027"; "\\u0027\\u0027")) + "\\u0027" | @uri')
graph GET "servicePrincipals?\\$filter=$FILTER&\\$select=id" >"$WORK/found" ||
  fail "Entra does not answer."
[ "$(jq '.value | length' "$WORK/found")" = 0 ] ||
  fail "there is an application \\"$NAME\\": delete it, or change NAME in this script."

echo "2. The enterprise application"
jq -n --arg name "$NAME" '{displayName: $name}' >"$WORK/application"
graph POST "applicationTemplates/$TEMPLATE/instantiate" "$WORK/application" >"$WORK/made" ||
  fail "the application could not be made."
SP=$(jq -er '.servicePrincipal.id' "$WORK/made") || fail "Entra gave no service principal."
SYNC=servicePrincipals/$SP/synchronization
for attempt in {1..30}; do # until all of Entra knows it
  if graph GET "$SYNC/templates" >"$WORK/templates" 2>"$WORK/why" &&
    [ "$(jq '.value | length' "$WORK/templates")" != 0 ]; then
    break
  fi
  [ "$attempt" != 30 ] || fail "its provisioning does not come up: $(cat "$WORK/why")"
  sleep 2
done

echo "3. The provisioning job"
jq '{templateId: (.value | map(select(.id == "scim")) + map(select(.default)) + .)[0].id}' \\
  "$WORK/templates" >"$WORK/wanted"
graph POST "$SYNC/jobs" "$WORK/wanted" >"$WORK/job" || fail "the job could not be made."
JOB=$(jq -er '.id' "$WORK/job") || fail "Entra gave no job."

echo "4. Test Connection"
SECRET=$SECRET jq -n --arg url "$TENANT_URL" '{credentials: [
  {key: "BaseAddress", value: $url}, {key: "SecretToken", value: env.SECRET}]}' >"$WORK/tested"
graph POST "$SYNC/jobs/$JOB/validateCredentials" "$WORK/tested" ||
  fail "Entra cannot connect: is $TENANT_URL reached from the internet, with a publicly" \\
    "trusted certificate, and is the token the one that was shown with it?"

echo "5. Tenant URL, secret token, notification e-mail"
jq --arg mail "$MAIL" '{value: (.credentials + [
  {key: "SyncNotificationSettings", value: ({Enabled: ($mail != ""), Recipients: $mail,
    DeleteThresholdEnabled: true, DeleteThresholdValue: 50} | tostring)},
  {key: "SyncAll", value: "false"}])}' "$WORK/tested" >"$WORK/secrets"
graph PUT "$SYNC/secrets" "$WORK/secrets" || fail "they could not be saved."

echo "6. externalId from objectId"
graph GET "$SYNC/jobs/$JOB/schema" >"$WORK/schema" || fail "the mappings could not be read."
jq 'def from($name): {expression: "[\\($name)]", name: $name, type: "Attribute", parameters: []};
  def is_external: .targetAttributeName == "externalId";
  del(."@odata.context")
  | (.synchronizationRules[].objectMappings[]
     | select(.targetObjectName | test("User$|Group$"))).attributeMappings |=
    if any(.[]; is_external)
    then map(if is_external then .source = from("objectId") else . end)
    else . + [{targetAttributeName: "externalId", source: from("objectId"),
               flowType: "Always", flowBehavior: "FlowWhenChanged", matchingPriority: 0}]
    end' "$WORK/schema" >"$WORK/mapped" || fail "the mappings are not as expected."
graph PUT "$SYNC/jobs/$JOB/schema" "$WORK/mapped" || fail "the mappings could not be saved."

echo "7. Start"
graph POST "$SYNC/jobs/$JOB/start" || fail "the job could not be started."
echo "Done. Now assign who is to be provisioned: Enterprise applications," \\
  "\\"$NAME\\", Users and groups. The first cycle begins within minutes."
`;
