// Connecting a provider and following an error, in a real browser: the exact
// fields of each provider, the connection test with its failures, first contact
// and first users, references from wherever they are pasted. Called by
// t/91-connect.t, as visitor.mjs says.

import { begin } from './visitor.mjs';

const { page, ok, act, choose, closed, go, look, paste, see, tell, type, words }
  = await begin(process.argv.slice(2));

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const [by, width] = process.argv.slice(6);

async function send(tenantUrl, token, method, path, body) {
  const reply = await fetch(tenantUrl + path, { method, headers: {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/scim+json' },
  body: body && JSON.stringify(body) });
  return reply.status === 204 ? null : reply.json();
}

const finished = () => page.waitForFunction(() => {
  const open = [...document.querySelectorAll('dialog[open]')].pop();
  return /steps are good|steps? of \d+ failed/
    .test(open?.innerText || '');
}, { timeout: 30000 });

// What is copied by a button, as people paste it.
async function copied(what) {
  await act(`Copy ${what}`);
  return page.evaluate(() => navigator.clipboard.readText());
}

async function install(kind) {
  await act('Install app');
  if (kind !== 'Microsoft Entra ID') {
    await type('Identity provider', kind);
  }
  await act('Install');
  await see('Shown once');
}

await tell(async () => {
  await go('SCIM');
  const mapped = () => page.$eval('main', (node) =>
    node.innerText.includes('Group mapping: what the members'));
  ok(!await mapped(), 'while SCIM is off there is nothing to map');
  await act('Enable SCIM');
  await see('Enable SCIM?');
  await see('secret token that you make for each of them');
  await act('Enable SCIM');
  await closed();
  ok(true, 'SCIM is enabled, and the dialog said what that does');
  await see('Group mapping: what the members of each group may do');
  ok(await mapped(), 'the section of group mapping appears');

  // ------------------------------------------------------------ Microsoft Entra

  await install('Microsoft Entra ID');
  for (const text of ['Tenant URL', 'Secret token', 'Provisioning Mode',
    'Test Connection', 'externalId from objectId', 'Provisioning Status']) {
    ok((await words()).includes(text), `Entra's page: ${text}`);
  }
  await look('01-entra');
  const url = await copied('Tenant URL');
  const token = await copied('Secret token');
  ok(/^https?:.*\/scim\/v2\//.test(url), 'the tenant URL is copied', url);
  ok(/^mscim1_/.test(token), 'and the token');
  await act('One script instead of twenty clicks');
  const script = await copied('Script');
  ok(script.includes(url) && !script.includes(token),
    'the script has the URL, and not the token');
  ok(JSON.parse((await act('Attribute mappings as JSON'),
    await copied('Mappings'))).users.externalId === 'objectId',
  'the mappings are JSON');

  // ------------------------------------------------------------ connection test

  await act('Test the connection from here first');
  await see('With which token?');
  await act('Run the test');
  await finished();
  let said = await words();
  ok(/steps are good/.test(said), 'every step is good', said);
  for (const text of ['The server is reached, and asks for a token',
    'The token is accepted', 'Test Connection: a user who does not exist',
    'PATCH comes through', 'may write']) {
    ok(said.includes(text), `a step: ${text}`);
  }
  ok(said.includes('Waiting for Test Connection'),
    'the test is not taken for the first contact');
  await act('Sent and answered');
  await see('WWW-Authenticate: Bearer');
  const sent = await page.$$eval('.trial', (nodes) => nodes.map((node) =>
    node.textContent).join('\n'));
  ok(/Authorization: Bearer …/.test(sent) && !/mscim1_[^.]/.test(sent),
    'no token is shown with what was sent', sent);
  await look('02-tested');
  await act('The same steps from elsewhere');
  ok((await copied('Lines')).includes('curl'), 'the same as lines for a shell');
  ok((await copied('Command')).includes('scimctl doctor --url'),
    'and for scimctl');
  const asked = await page.evaluate(() => performance.getEntriesByType(
    'resource').map((one) => one.name).join('\n'));
  ok(!/mscim1_/.test(asked), 'no URL ever held a token');

  // -------------------------------------------------------- the provider itself

  await send(url, token, 'GET', '/Users?filter=userName+eq+%22none%22');
  await see('Connected');
  await see('No user yet');
  ok(true, 'the line turns green by itself');
  for (const name of ['anna', 'otto']) {
    await send(url, token, 'POST', '/Users', { schemas: [USER],
      userName: `${name}@acme.example` });
  }
  await see('The first users have come: anna@acme.example, otto@acme.example');
  ok(true, 'and says who has come');
  await look('03-arrived');
  await act('Close');
  await closed();

  // ------------------------------------------------- from the app's card, failing

  await act('Test the connection');
  await choose('Another one');
  await act('Run the test');
  await type('Secret token to test with', 'mscim1_nothing');
  await act('Run');
  await finished();
  said = await words();
  ok(/1 step of 11 failed/.test(said) && /not tried/.test(said),
    'a wrong token is told, and what was not tried', said);
  ok(/To do: The detail says why the token is refused/.test(said),
    'with what to do');
  await look('04-wrong-token');
  await type('Secret token to test with', token);
  await act('Run');
  await finished();
  said = await words();
  ok(/steps are good/.test(said), 'the provider’s own token is good',
    said);
  ok(said.includes('nothing was'), '... and may write, which was tried with'
    + ' nothing');
  await act('Close');
  await closed();
  ok((await page.evaluate(() => JSON.stringify({ ...localStorage,
    ...sessionStorage }))).includes('mscim1_') === false,
  'no token is kept in the browser');

  // --------------------------------------------------- Okta, OneLogin, another

  for (const [kind, texts] of [
    ['Okta', ['SCIM connector base URL', 'Unique identifier field for users',
      'Supported provisioning actions', 'Authentication Mode', 'HTTP Header',
      'Test Connector Configuration', 'Push Groups']],
    ['OneLogin', ['SCIM Base URL', 'SCIM JSON Template', 'SCIM Bearer Token',
      'API Connection']],
    ['Another', ['SCIM base URL', 'Bearer token']]]) {
    await install(kind);
    said = await words();
    ok(texts.every((text) => said.includes(text)), `the fields of ${kind}`,
      said);
    ok(!said.includes('twenty clicks'), '... without a script');
    await look(`05-${kind.toLowerCase()}`);
    await act('Test the connection from here first');
    await choose('The token that was just made');
    await act('Run the test');
    await finished();
    ok(/steps are good/.test(await words()), '... tested with its token',
      await words());
    await see('Connected');
    await act('Close');
    await closed();
  }

  // ------------------------------------------------------------------ references

  const refused = await send(url, token, 'POST', '/Users', { schemas: [USER],
    userName: 'ANNA@acme.example', displayName: 'Anna', password: 'Secret1',
    colour: 'red' });
  const log = 'StatusCode: Conflict Message: Processing of the HTTP request'
    + ' resulted in an exception. Web Response: '
    + `${JSON.stringify(refused)}. This operation was retried 0 times.`;
  const reference = refused.detail.match(/\(request (.*)\)$/)[1];

  await go('Overview');
  await page.evaluate(() => document.activeElement.blur());
  await paste(log);
  await see('What to do');
  said = await words();
  for (const text of ['409 uniqueness', 'POST /Users', 'RFC 7643, section 4.1.1',
    'Entra: Provisioning > Mappings > Users', reference]) {
    ok(said.includes(text), `an error pasted anywhere opens: ${text}`);
  }
  ok(!said.includes('Secret1'), '... without the password');
  ok((await page.url()).includes(`reference=${encodeURIComponent(reference)}`),
    'its address names it');
  await look('06-row');
  const link = await copied('Link to this row');
  await act('Close');
  await closed();
  await page.waitForFunction(() => !location.hash.includes('reference='));
  ok(true, '... while it is open');
  await page.goto('about:blank');
  await page.goto(link, { waitUntil: 'networkidle0' });
  await see('What to do');
  ok(true, 'the link leads there from anywhere');
  await act('Close');
  await closed();

  await go('Overview');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('/');
  await page.waitForFunction(() => document.activeElement?.type === 'search',
    { timeout: 10000 });
  ok(true, '"/" leads to the journal’s search from where there is none');
  await paste(reference);
  await see('What to do');
  ok(true, 'the reference alone opens the row');
  await act('Close');
  await closed();
  await type('Search the journal', 'otto');
  await page.waitForFunction(() => location.hash.includes('text=otto'));
  await see('otto@acme.example');
  ok(!await page.$('dialog[open]'), 'a name is searched for');

  await type('Search the journal', '');
  await page.keyboard.press('Backspace');
  await see('409');
  await act('Copy Reference');
  ok(await page.evaluate(() => navigator.clipboard.readText()) === reference,
    'a refused row has its reference, to be copied');
  await look('07-journal');

  const wrong = await send(url, token, 'GET', '/Users/none');
  await type('Search the journal', '');
  await paste(wrong.detail);
  await see('error log');
  ok((await words()).includes('reads (GET)'), 'of a read it is said where it is');
  await look('08-nowhere');
  await act('Close');
  await closed();

  const anna = (await send(url, token, 'GET',
    '/Users?filter=userName+eq+%22anna@acme.example%22')).Resources[0].id;
  const patch = await send(url, token, 'PATCH', `/Users/${anna}`, { schemas:
    ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [
    { op: 'Replace', path: 'displayName', value: 'Anna' },
    { op: 'Replace', path: 'favouriteColour', value: 'red' }] });
  await type('Search the journal', '');
  await paste(patch.detail);
  await see('this one');
  ok((await words()).includes('Operations[1]'),
    'of a PATCH the operation at fault is marked');
  await look('09-patch');
  await act('Close');
  await closed();

  // What is HTML, turns the direction of writing or is long stays text.
  const hostile = await send(url, token, 'POST', '/Users', { schemas: [USER],
    userName: 'anna@acme.example', displayName:
    '<script>document.title="owned"</script>\u202Ereversed',
    title: 'x'.repeat(2000), nickName: '\u{1D4B3}'.repeat(200),
    [`<b onclick="${'y'.repeat(500)}">`]: 'z' });
  await type('Search the journal', '');
  await paste(hostile.detail);
  await see('(not kept)');
  ok(await page.title() !== 'owned' && !await page.$('dialog b, dialog script'),
    'text from outside is text');
  await look('12-hostile');
  await act('Close');
  await closed();

  const bulk = await send(url, token, 'POST', '/Bulk', { schemas:
    ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations:
    ['anna', 'otto'].map((name, i) => ({ method: 'POST', path: '/Users',
      bulkId: `b${i}`, data: { schemas: [USER],
        userName: `${name}@acme.example` } })) });
  await type('Search the journal', '');
  await paste(bulk.Operations[0].response.detail);
  await see('2 rows of one request');
  await look('10-bulk');
  await act('Open create otto@acme.example');
  await see('part of a Bulk');
  ok(true, 'of a Bulk each row opens');
  await act('Close');
  await closed();

  await type('Outcome', 'Done');
  await page.waitForFunction(() => location.hash.includes('outcome=ok')
    && !document.querySelector('main .chip.bad'));
  await act('Open create anna@acme.example');
  await see('Changes');
  ok(/(row|reference)=/.test(await page.url()), 'any row has an address', by
    + width);
  await act('Close');
  await closed();
});
