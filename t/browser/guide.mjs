// The set-up guide in a real browser, by clicks or by keys alone: enable SCIM,
// install an app, paste, first contact, stacks and roles, group mapping,
// explain. Called by t/90-console.t; prints TAP.
//
//   node guide.mjs URL USER PASSWORD FOLDER mouse|keys WIDTH light|dark

import { person } from './person.mjs';

const [url, username, password, folder, by, width, theme] =
  process.argv.slice(2);
const { ok, see, act, type, closed, go, look, run, page, looked, took,
  wait } = await person({ url, username, password, folder, by, width, theme,
    name: `${by}-${width}-${theme}` });
const MINUTES = 3;   // that the guide may take
const PASTING_S = 6; // to copy a value and paste it into the provider's page

// ----------------------------------------------------- the identity provider

async function provider(tenantUrl, token) {
  const send = async (method, path, body) => {
    const reply = await fetch(tenantUrl + path, { method, headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/scim+json' },
    body: body && JSON.stringify(body) });
    return reply.status === 204 ? null : reply.json();
  };
  await send('GET', '/Users?filter=userName+eq+%22none%22');
  const people = [];
  for (const person of ['anna', 'otto',
    '<script>document.title="owned"</script>', `long-${'x'.repeat(990)}`,
    '\u{1D4B3}-four-bytes', '\u202Ereversed']) {
    people.push((await send('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: `${people.length}-${by}-${width}@x.example`,
      displayName: person })).id);
  }
  await send('POST', '/Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Developers', members: people.map((value) => ({ value })) });
}

// ---------------------------------------------------------------- the guide

await run(async () => {
  const began = Date.now();
  await page.goto(url, { waitUntil: 'networkidle0' });
  await see('Set up');
  await look('01-overview-empty');

  await go('SCIM');
  await see('Enable SCIM');
  await act('Enable SCIM');
  await look('02-enable');
  await act('Enable SCIM');
  await closed();
  await see('Install app');
  ok(true, 'SCIM is enabled');

  await act('Install app');
  await look('03-install');
  await act('Install');
  await see('Secret token');
  await see('Waiting for Test Connection');
  const shown = await page.$$eval('dialog output', (nodes) =>
    nodes.map((node) => node.textContent));
  ok(/^https?:\/\/.*\/scim\/v2\//.test(shown[0]), 'a tenant URL is shown',
    shown[0]);
  ok(/^mscim1_/.test(shown[1]), 'and a secret token');
  await look('04-paste');
  wait(2 * PASTING_S);
  await provider(shown[0], shown[1]);
  await see('Connected');
  ok(true, 'the line turns green by itself');
  await look('05-connected');
  await act('Close');
  await closed();

  await go('Stacks and roles');
  await act('New stack');
  await type('Name', 'Website');
  await act('Add');
  await closed();
  await see('Website');
  await look('06-stacks');

  await go('Group mapping');
  await see('No group is mapped yet');
  await look('07-mapping-empty');
  await act('Map a group');
  await see('Developers');
  await act('Map');
  await see('Every member holds these');
  await act('Add a stack role');
  await type('Role', 'Developer');
  await type('Stack', 'Website');
  await act('Preview');
  await see('6 gains');
  await look('08-preview');
  await act('Update');
  await closed();
  await see('Developer · Website');
  ok(true, 'the group is mapped');
  // Reading, pointing, typing and pasting are added up and not waited for; what
  // the machine took, without the looking, is the clock's.
  const machine = (Date.now() - began - looked()) / 1000;
  const told = `${Math.round(took())} s of reading, pointing and typing, and ${
    Math.round(machine)} s of waiting`;
  ok(took() + machine < MINUTES * 60,
    `the guide takes less than ${MINUTES} minutes`, told);
  console.log(`# ${told}`);
  await look('09-mapping');

  await go('Users');
  await see('anna');
  ok(await page.title() !== 'owned', 'text from outside is text');
  await look('10-users');
  await act('anna');
  await see('Permissions');
  await see('Developer on Website');
  ok(true, 'the permission is explained');
  await look('11-user');

  await go('Stacks and roles');
  await act('Holders of Developer');
  await see('Developer in Website');
  await see('6 people');
  ok(true, 'who holds a role is listed');
  await look('11-holders');

  for (const [title, what, wanted] of [['Groups', '12-groups', 'Developers'],
    ['Journal', '13-journal', 'create'], ['Settings', '14-settings', 'Danger'],
    ['Overview', '15-overview', 'Active users']]) {
    await go(title);
    await see(wanted);
    await look(what);
  }
});
