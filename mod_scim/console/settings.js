// Settings: accounts, rules, the brake, configuration, the end.

import { get, patch, post, remove } from './api.js';
import { brake } from './brake.js';
import { ask, check, field } from './dialog.js';
import { action, chip, el, facts, head, nothing, time, toast }
  from './elements.js';
import { list } from './list.js';

const section = (title, text, ...content) => el('section',
  { className: 'card' }, el('h2', {}, title),
  text && el('p', { className: 'soft' }, text), content);

// -------------------------------------------------------------------- accounts

const roleChoice = (chosen) => el('select', { name: 'role' },
  ['owner', 'admin', 'member'].map((role) => el('option', { value: role,
    selected: role === chosen }, role)));

function addAccount(page, done) {
  ask({ title: 'New account', confirm: 'Add', content: [
    field('Name', el('input', { name: 'name', required: true,
      autocomplete: 'off' }), 'As the login of this site calls the person.'),
    field('Realm', el('input', { name: 'realm', value: 'default',
      required: true }), 'Whose names these are (ScimRealm).'),
    field('Role', roleChoice('admin'))],
  work: async (data) => {
    await post(page.at('accounts'), Object.fromEntries(data));
    toast('The account is there');
    done();
  } });
}

function changeAccount(page, account, done) {
  ask({ title: account.name, confirm: 'Save',
    content: field('Role', roleChoice(account.role)),
    work: async (data) => {
      await patch(page.at('accounts', account.id), { role: data.get('role') },
        account.version);
      toast('Saved');
      done();
    } });
}

function removeAccount(page, account, done) {
  ask({ title: `Remove ${account.name}?`, danger: true, confirm: 'Remove',
    content: el('p', {}, 'The person can no longer look after this'
      + ' organization. Provisioned users are not touched.'),
    work: async () => {
      await remove(page.at('accounts', account.id), account.version);
      toast('Removed');
      done();
    } });
}

function accounts(page) {
  const isOwner = page.role === 'owner';
  const table = list({ label: 'Accounts',
    load: (after) => get(page.at('accounts'), { after, limit: 50 },
      page.signal),
    empty: nothing('No accounts', ''),
    columns: [
      { name: 'Name', cell: (one) => [el('strong', {}, one.name),
        el('div', { className: 'small soft' }, one.realm)] },
      { name: 'Role', cell: (one) => chip(one.role, one.role === 'owner'
        ? 'accent' : '') },
      { name: 'Linked user', cell: (one) => one.user_id
        ? el('a', { href: page.link('user', one.user_id) },
          one.user_name || one.user || 'user') : '–' },
      { name: 'Since', cell: (one) => time(one.created) },
      { name: 'Actions', className: 'number', cell: (one) => isOwner
        && el('div', { className: 'actions' }, el('button', { type: 'button',
          className: 'quiet', 'aria-label': `Change ${one.name}`,
          onclick: () => changeAccount(page, one, table.reload) }, 'Change'),
        el('button', { type: 'button', className: 'quiet danger',
          'aria-label': `Remove ${one.name}`,
          onclick: () => removeAccount(page, one, table.reload) },
        'Remove')) },
    ] });
  return section('Accounts', 'People who look after this organization.', table,
    isOwner && el('div', {}, el('button', { type: 'button',
      onclick: () => addAccount(page, table.reload) }, 'New account')));
}

// -------------------------------------------------------------- organization

function rules(page, organization) {
  const members = el('input', { name: 'members_by_default',
    checked: organization.members_by_default });
  const admins = el('input', { name: 'mapped_admins',
    checked: organization.mapped_admins, disabled: page.role !== 'owner' });
  const name = el('input', { name: 'name', value: organization.name,
    maxlength: 200, required: true });
  return section('Organization', null, field('Name', name),
    check('Active users are members', members, 'Every active provisioned user'
      + ' holds the organization role member.'),
    check('Mapped admins may open this console', admins, 'Where a group mapping'
      + ' gives the role admin and an owner has linked the account.'),
    action('Save', async () => {
      const given = { name: name.value, members_by_default: members.checked };
      if (!admins.disabled) {
        given.mapped_admins = admins.checked;
      }
      await patch(page.at(), given, organization.version);
      toast('Saved');
      page.again();
    }, 'main'));
}

// ---------------------------------------------------------------------- alerts

async function alerts(page) {
  const found = await get(page.at('alerts'), {}, page.signal);
  const addresses = el('textarea', { name: 'addresses', rows: 3 },
    (found.addresses || []).join('\n'));
  return section('Alerts', 'E-mail when something needs attention, each once.',
    field('Addresses, one a line', addresses),
    action('Save', async () => {
      await patch(page.at('alerts'), { addresses: addresses.value.split(/\s+/)
        .filter(Boolean) });
      toast('Saved');
    }, 'main'));
}

// --------------------------------------------------------------- configuration

const configuration = (page) => section('Configuration',
  'Stacks, roles, mappings and settings as one text file, without secrets.',
  action('Save to a file', async () => {
    const found = await get(page.at('configuration'), {}, page.signal);
    const link = el('a', { download: `${page.slug}.json`,
      href: URL.createObjectURL(new Blob([JSON.stringify(found, null, 2)],
        { type: 'application/json' })) });
    link.click();
    URL.revokeObjectURL(link.href);
  }));

function danger(page, organization) {
  return section('Danger zone', null,
    el('div', { className: 'actions' }, el('button', { type: 'button',
      className: 'danger', onclick: () => ask({ danger: true,
        title: organization.suspended ? 'Resume?' : 'Suspend?',
        confirm: organization.suspended ? 'Resume' : 'Suspend',
        content: el('p', {}, organization.suspended
          ? 'Permissions count again, and identity providers get in.'
          : 'Nobody’s permissions count while it is suspended, and identity'
            + ' providers are refused. Nothing is deleted.'),
        work: async () => {
          await post(page.at(organization.suspended ? 'resume' : 'suspend'));
          page.again();
        } }) }, organization.suspended ? 'Resume' : 'Suspend'),
    el('button', { type: 'button', className: 'danger', onclick: () => ask({
      danger: true, title: `Delete ${organization.name}?`,
      typed: organization.slug, confirm: 'Delete for ever',
      content: el('p', {}, 'Its users, groups, mappings, apps and tokens are'
        + ' deleted. The slug is never given away again.'),
      work: async () => {
        await remove(page.at(), undefined, { confirm: organization.slug });
        location.hash = '#/';
        location.reload();
      } }) }, 'Delete')));
}

export async function show(page) {
  const organization = await get(page.at(), {}, page.signal);
  if (page.role === 'member') {
    return [head('Settings'), facts([['Organization', organization.name]])];
  }
  return [head('Settings'), accounts(page), rules(page, organization),
    await brake(page), await alerts(page), configuration(page),
    page.role === 'owner' && danger(page, organization)].filter(Boolean);
}
