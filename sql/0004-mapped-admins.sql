-- Administrators by the mapping of a group, where the owner wants them. Run as
-- sql/README.md says.

set local role scim_owner;

-- What an account may do: its own role, or admin where the user whom it is
-- linked to holds that by a mapping, and the organization has switched it on.
create function scim.role_of(p_org int, p_account int) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when c.role = 'member' and o.mapped_admins and exists (
                select from scim.effective e
                 where e.org_id = c.org_id and e.user_id = c.user_id
                   and e.organization_role = 'admin')
              then 'admin' else c.role end
    from scim.accounts c join scim.organizations o on o.org_id = c.org_id
   where c.org_id = p_org and c.account_id = p_account $$;
revoke all on function scim.role_of from public;

-- The organization that an account asks for, if it has a part in it; sets it,
-- and the time (ms) that statements and locks get, for the transaction.
create or replace function scim.admin_enter(p_slug text, p_realm text,
                                            p_name text, p_ms int)
returns table (org_id int, account_id int, role text, limits text)
language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  select o.org_id, c.account_id, scim.role_of(o.org_id, c.account_id),
         set_config('scim.org', o.org_id::text, true)
         || set_config('scim.app', '-1', true)
         || set_config('statement_timeout', p_ms::text, true)
         || set_config('lock_timeout', (p_ms / 2 + 1)::text, true)
         || set_config('idle_in_transaction_session_timeout', p_ms::text, true)
    from scim.organizations o
    join scim.accounts c on c.org_id = o.org_id
     and c.realm = p_realm and c.name = p_name
    left join scim.users u on u.org_id = c.org_id and u.id = c.user_id
   where o.slug = p_slug and o.deleted is null
     -- An owner gets in whatever the identity provider says.
     and (c.is_owner or (not o.suspended
                         and (c.user_id is null or u.active))) $$;

-- Those that an account has a part in.
create or replace function scim.admin_organizations(p_realm text,
                                                    p_name text)
returns table (slug text, name text, role text)
language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select o.slug, o.name, scim.role_of(o.org_id, c.account_id)
    from scim.accounts c
    join scim.organizations o on o.org_id = c.org_id
    left join scim.users u on u.org_id = c.org_id and u.id = c.user_id
   where c.realm = p_realm and c.name = p_name and o.deleted is null
     and (c.is_owner or (not o.suspended
                         and (c.user_id is null or u.active))) $$;

update scim.schema set version = 4;

reset role;
