-- What owners look at, beside load.sql: teams within teams, stacks, mappings,
-- and the journal of a busy day.

create function bench.team(n bigint) returns uuid language sql immutable as $$
  select ('019a0000-0002-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

-- Each in the one before it, but the first of five. A user is in five of them,
-- wherever they are; team 0 has everybody, and no mapping yet.
create function bench.teams(org int, teams int, users int) returns void
language sql set session_replication_role = replica as $$
  insert into scim.groups(org_id, app_id, id, name, display_name, external_id,
    body, folded)
  select org, 1, bench.team(n), name, lower(name), 'team-' || n, format(
      '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],'
      '"externalId":"team-%s","displayName":"%s"}', n, name), format(
      '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],'
      '"externalId":"team-%s","displayName":"%s"}', n, lower(name))::jsonb
    from generate_series(0, teams) n, lateral (
      select case n when 0 then 'Everybody'
             else 'Team ' || n || ' of ' || bench.name(n) end) g(name);
  insert into scim.group_groups(org_id, group_id, child_id)
  select org, bench.team(n - 1), bench.team(n)
    from generate_series(1, teams) n where n % 5 <> 1;
  insert into scim.group_users(org_id, group_id, user_id)
  select org, bench.team(0), bench.id(n) from generate_series(1, users) n
  union all
  select distinct org,
         bench.team(1 + (n * 31 + i * 397 * (n % 89 + 1)) % teams), bench.id(n)
    from generate_series(1::bigint, users) n, generate_series(0, 4) i;
  update scim.organizations set nested = true where org_id = org $$;

-- Every fourth team has a mapping of two roles in one stack or in all.
create function bench.mappings(org int, stacks int, teams int) returns void
language sql as $$
  insert into scim.stacks(org_id, stack_id, key, name)
  select org, n, 'stack ' || n, 'Stack ' || n from generate_series(1, stacks) n;
  insert into scim.group_mappings(org_id, mapping_id, group_id,
    organization_role, changed_by)
  select org, n, bench.team(n), case when n % 40 = 0 then 'member' end,
         'account bench'
    from generate_series(4, teams, 4) n;
  insert into scim.mapping_roles(org_id, mapping_id, stack_id, role_id)
  select org, n, case when n % 20 <> 0 then 1 + n / 4 % stacks end, role
    from generate_series(4, teams, 4) n, generate_series(2, 3) role
   where role = 2 or n % 8 = 0;
  update scim.organizations set last_number = last_number + teams
   where org_id = org $$;

-- So many rows back from now, five a second: changes of users, each tenth of a
-- team, one of fifty refused, one of thirty with a warning.
create function bench.journal(org int, first bigint, last bigint, users int,
                              teams int)
returns void language sql as $$
  insert into scim.journal(org_id, at, actor_kind, actor, app_id, action,
    resource_type, resource, version, name, status, scim_type, detail, changes,
    added, duration_ms, request_id, address)
  select org, now() - n * interval '0.2 s', 'token', '1', 1, 'modify',
    case when of_team then 'Group' else 'User' end,
    case when of_team then bench.team(1 + n / 10 % teams)
         else bench.id(1 + n % users) end,
    case when not refused then 1000000 - n / case when of_team then teams
                                                  else users end end,
    case when of_team then 'Team ' || 1 + n / 10 % teams
         else bench.login(1 + n % users, 'acme') end,
    case when refused then 400 + n / 50 % 4 when of_team then 204 else 200 end,
    case when refused then 'invalidValue' end,
    case when refused then 'The value of "emails" is not what it should be: '
      || n || '.' end,
    case when refused then null when of_team then
      '{"members": {"added": 1, "removed": 0}}'::jsonb
    else jsonb_build_object('before', jsonb_build_object('title', 'engineer',
        'displayName', 'Somebody ' || n, 'active', true),
      'after', jsonb_build_object('title', 'senior engineer',
        'displayName', 'Somebody else ' || n, 'active', true,
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
        jsonb_build_object('department', 'department ' || n % 100,
          'costCenter', 'cost center ' || n % 1000)))
      || case when n % 30 = 7 then
        '{"warnings": [{"code": "boolean_text", "path": "active"}]}'::jsonb
      else '{}' end end,
    case when of_team and not refused then array[bench.id(1 + n % users)] end,
    3 + n % 20, md5('request' || n), '203.0.113.7'
    from generate_series(last, first, -1) n, lateral (
      select n % 10 = 3 as of_team, n % 50 = 11 as refused) k $$;
