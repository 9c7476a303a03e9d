// The admin API (README.md, "Admin API"): the only thing that the console asks.

const root = new URL('v1/', document.baseURI.split('#')[0]);

// What went wrong, as RFC 9457 says it; status 0: nothing was answered.
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
    this.title = body.title || '';
    this.field = body.field || null;
    this.reference = body.reference || null;
    this.current = body.current || null;
  }

  get isExpired() {
    return this.status === 401;
  }
}

export const offline = () => new Problem(0, { title: 'No connection',
  detail: 'The server could not be reached. Nothing that you typed is lost: try'
    + ' again when the network is back.' });

// By a 401, or by a way to the page where one signs in.
const signedOut = () => new Problem(401, { title: 'Signed out',
  detail: 'Your login has expired. Open the console in another tab to sign in'
    + ' again; what you typed here stays.' });

function address(path, query = {}) {
  const url = new URL(path.replace(/^\//, ''), root);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') {
      url.searchParams.set(name, value);
    }
  }
  return url;
}

async function send(method, path, { query, body, version, signal } = {}) {
  const headers = { Accept: 'application/json', 'X-Scim-Admin': '1' };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  if (version !== undefined && version !== null) {
    headers['If-Match'] = `"${version}"`;
  }
  try {
    return await fetch(address(path, query), { method, headers, signal,
      credentials: 'same-origin', redirect: 'manual',
      body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (fault) {
    throw fault.name === 'AbortError' ? fault : offline();
  }
}

// null: nothing, or no JSON (a proxy's page).
async function read(reply) {
  let text;
  try {
    text = await reply.text();
  } catch (fault) {
    throw fault.name === 'AbortError' ? fault : offline();
  }
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

async function call(method, path, options) {
  const reply = await send(method, path, options);
  const body = await read(reply);
  if (reply.ok) {
    return body;
  }
  if (reply.status === 401 || reply.type === 'opaqueredirect') {
    throw signedOut();
  }
  throw new Problem(reply.status, body || {});
}

export const get = (path, query, signal) => call('GET', path, { query, signal });
export const post = (path, body, version) =>
  call('POST', path, { body: body ?? {}, version });
export const patch = (path, body, version) =>
  call('PATCH', path, { body, version });
export const put = (path, body, version) => call('PUT', path, { body, version });
export const remove = (path, version, body) =>
  call('DELETE', path, { body: body ?? {}, version });

// Paths below an organization: of('acme')('stacks', 3).
export const of = (slug) => (...parts) =>
  ['organizations', slug, ...parts].map((part) => encodeURIComponent(part))
    .join('/');
