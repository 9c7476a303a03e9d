// The connection test where the tenant URL is on another origin than the
// console. Called by t/91-connect.t, as visitor.mjs says.

import { begin } from './visitor.mjs';

const { page, name, ok, act, go, look, see, tell, words }
  = await begin(process.argv.slice(2));

await tell(async () => {
  await go('SCIM');
  await act('Test the connection');
  await act('Run the test');
  await see('Not from this browser');
  const said = await words();
  ok(said.includes('https://scim.example.com'), 'it is said where it is');
  ok(said.includes('Test Connection: a user who does not exist'),
    'the steps are named');
  await act('Copy Lines');
  const lines = await page.evaluate(() => navigator.clipboard.readText());
  ok(lines.includes("'https://scim.example.com/scim/v2/"),
    'they are there as lines for a shell', lines);
  await act('Copy Command');
  ok((await page.evaluate(() => navigator.clipboard.readText()))
    .includes("--url 'https://scim.example.com/scim/v2/"),
  'and as a command of scimctl', name);
  await look('11-elsewhere');
});
