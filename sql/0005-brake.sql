-- The brake on mass deprovisioning: counts users who are deactivated or
-- deleted, and holds what comes after too many. Run as sql/README.md says.

set local role scim_owner;

-- Settings, and whether it is engaged (`until` is not NULL). Removals are
-- counted one after the other, by the lock of this row.
create table scim.brakes(
  org_id int primary key references scim.organizations,
  enabled boolean not null default false,
  users int check (users between 1 and 1000000),
  percent int check (percent between 1 and 100),
  minutes int not null default 60 check (minutes between 1 and 10080),
  -- A mapped group that is emptied engages it, too.
  groups boolean not null default true,
  -- After which it releases itself, and then lets everything through.
  hours int not null default 4 check (hours between 1 and 168),
  version int not null default 1,
  base int,             -- active users when the window began
  based timestamptz(3),
  engaged timestamptz(3),
  reason text collate "C" check (reason in ('users', 'group')),
  until timestamptz(3),
  open_until timestamptz(3)); -- after a release nothing is counted

-- Who was removed, and how many in each sixtieth of a window: `slot` counts
-- those since 1970.
create table scim.brake_removals(
  org_id int not null,
  user_id uuid not null,
  slot bigint not null,
  primary key (org_id, user_id));
create index brake_removals_slot on scim.brake_removals(org_id, slot);

create table scim.brake_counts(
  org_id int not null,
  slot bigint not null,
  users int not null,
  primary key (org_id, slot));

-- What was asked for and not done. No names: they are the users' own.
create table scim.brake_held(
  org_id int not null,
  id uuid not null,
  resource_type text collate "C" not null,
  asked text collate "C" not null, -- deactivate, delete, remove_members
  app_id int not null,
  since timestamptz(3) not null,
  last timestamptz(3) not null,
  times int not null default 1,
  let_through timestamptz(3), -- is done when it is asked for again
  primary key (org_id, id));

-- How many may go within a window; NULL: any number.
create function scim.brake_limit(b scim.brakes) returns int
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select least(b.users, case when b.base + b.percent is not null then
           greatest(1, (b.base::bigint * b.percent / 100)::int) end) $$;

-- The sixtieth of the window that a time is in; a window is the sixty before
-- it as well.
create function scim.brake_slot(b scim.brakes, t timestamptz) returns bigint
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select floor(extract(epoch from t) / b.minutes)::bigint $$;

-- SC002: store/result.c makes 429 of it, with COLUMN as Retry-After.
create function scim.brake_refuse(b scim.brakes, p_reason text, t timestamptz)
returns void language plpgsql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  ends timestamptz := coalesce(b.until, t + b.hours * interval '1 hour');
begin
  raise exception using errcode = 'SC002',
    column = least(900, greatest(1, ceil(extract(epoch from ends - t))))::text,
    message = format('The brake on mass deprovisioning is on: %s. This removal'
      ' is held, and nothing of the request was done; reads, new resources and'
      ' other changes go on. If the removals are meant, an owner or admin of'
      ' the organization lets them through or releases the brake (console:'
      ' Settings, Brake; or scimctl brake held and scimctl brake release). It'
      ' releases itself at %s UTC; what is asked for again then is done.',
      case coalesce(b.reason, p_reason)
        when 'group' then 'a group that gives permissions was to be emptied'
        else format('more than %s users were to be deactivated or deleted'
                    ' within %s minutes',
                    coalesce(scim.brake_limit(b)::text, 'so many'), b.minutes)
        end,
      to_char(ends, 'YYYY-MM-DD HH24:MI'));
end $$;

create function scim.brake_note(p_org int, p_by scim.origin, p_action text,
                                p_type text, p_id uuid, p_changes jsonb)
returns void language sql volatile set search_path = pg_catalog, pg_temp as $$
  insert into scim.journal(org_id, actor_kind, actor, app_id, duration_ms,
                           request_id, address, action, resource_type, resource,
                           name, changes)
  values (p_org, p_by.actor_kind, p_by.actor, p_by.app_id, p_by.duration_ms,
          p_by.request_id, p_by.address, p_action, p_type, p_id,
          coalesce((select u.body::jsonb ->> 'userName' from scim.users u
                     where u.org_id = p_org and u.id = p_id),
                   (select g.name from scim.groups g
                     where g.org_id = p_org and g.id = p_id)),
          p_changes) $$;

-- Ends an engagement, at a time: what is held may be done when it is asked for
-- again, and so may everything for as long as the brake would have held. Gives
-- how many were held; NULL: it was not engaged.
create function scim.brake_end(p_org int, p_at timestamptz, p_by scim.origin)
returns int language plpgsql volatile
set search_path = pg_catalog, pg_temp as $$
declare
  b scim.brakes;
  held int;
begin
  select * into b from scim.brakes x where x.org_id = p_org for update;
  if b.until is null then
    return null;
  end if;
  update scim.brake_held h set let_through = p_at
   where h.org_id = p_org and h.let_through is null;
  get diagnostics held = row_count;
  delete from scim.brake_removals r where r.org_id = p_org;
  delete from scim.brake_counts c where c.org_id = p_org;
  update scim.brakes x
     set engaged = null, reason = null, until = null, base = null, based = null,
         open_until = p_at + x.hours * interval '1 hour'
   where x.org_id = p_org;
  perform scim.brake_note(p_org, p_by, 'brake.release', null, null,
    jsonb_build_object('engaged', b.engaged, 'reason', b.reason, 'held', held,
      'by', case p_by.actor_kind when 'system' then 'time' else 'person' end));
  return held;
end $$;

create function scim.brake_release(p_org int, p_by scim.origin) returns int
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform scim.must_be_entered(p_org);
  return scim.brake_end(p_org, clock_timestamp(), p_by);
end $$;

-- Where its time is over, it is released as of then.
create function scim.brake_settle(p_org int) returns int
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
  ended timestamptz;
begin
  perform scim.must_be_entered(p_org);
  select x.until into ended from scim.brakes x
   where x.org_id = p_org and x.until <= clock_timestamp() for update;
  if not found then
    return null;
  end if;
  return scim.brake_end(p_org, ended,
    row('system', 'brake', null, null, null, null)::scim.origin);
end $$;

-- ------------------------------------------------- what a token's request does

-- One that a person has let through is done, and not counted.
create function scim.brake_is_let_through(p_org int, p_id uuid) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  delete from scim.brake_held h
   where h.org_id = p_org and h.id = p_id and h.let_through is not null;
  return found;
end $$;

-- At the end of a transaction in which a user was deactivated or deleted, so
-- that those who count behind one another wait for nothing but its commit. One
-- user counts once in a window.
create function scim.brake_user(p_org int, p_user uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
  b scim.brakes;
  t timestamptz;
  slot_now bigint;
  counted bigint;
begin
  perform scim.must_be_entered(p_org);
  if scim.brake_is_let_through(p_org, p_user) then
    return;
  end if;
  select * into b from scim.brakes x where x.org_id = p_org;
  t := clock_timestamp();
  if b.until > t then
    perform scim.brake_refuse(b, 'users', t);
  end if;
  perform scim.brake_settle(p_org);
  select * into b from scim.brakes x
   where x.org_id = p_org and x.enabled for update;
  t := clock_timestamp();
  if b.until > t then -- meanwhile
    perform scim.brake_refuse(b, 'users', t);
  end if;
  if coalesce(b.users, b.percent) is null or t < b.open_until then
    return;
  end if;
  slot_now := scim.brake_slot(b, t);
  perform from scim.brake_removals r
    where r.org_id = p_org and r.user_id = p_user and r.slot >= slot_now - 60;
  if found then
    return;
  end if;
  select coalesce(sum(c.users), 0) into counted from scim.brake_counts c
   where c.org_id = p_org and c.slot >= slot_now - 60;
  if counted = 0 or b.based is null
     or b.based < t - b.minutes * interval '1 minute' then
    b := scim.brake_begin(b, slot_now, t);
  end if;
  if counted + 1 > scim.brake_limit(b) then
    perform scim.brake_refuse(b, 'users', t);
  end if;
  insert into scim.brake_removals as r (org_id, user_id, slot)
  values (p_org, p_user, slot_now)
  on conflict (org_id, user_id) do update set slot = excluded.slot;
  insert into scim.brake_counts as c (org_id, slot, users)
  values (p_org, slot_now, 1)
  on conflict (org_id, slot) do update set users = c.users + 1;
end $$;

-- A window begins: who is active now, the one who is just leaving included.
create function scim.brake_begin(b scim.brakes, p_slot bigint, t timestamptz)
returns scim.brakes language plpgsql volatile
set search_path = pg_catalog, pg_temp set jit = off as $$
begin
  delete from scim.brake_removals r
   where r.org_id = b.org_id and r.slot < p_slot - 60;
  delete from scim.brake_counts c
   where c.org_id = b.org_id and c.slot < p_slot - 60;
  delete from scim.brake_held h
   where h.org_id = b.org_id and h.let_through < t - interval '30 days';
  if b.percent is not null then
    b.base := 1
      + (select count(*) from scim.users u where u.org_id = b.org_id)
      - (select count(*) from scim.users u
          where u.org_id = b.org_id and not u.active);
  end if;
  b.based := t;
  update scim.brakes x set base = b.base, based = b.based
   where x.org_id = b.org_id;
  return b;
end $$;

-- Before a group is deleted (p_ends), or after so many members have left it.
-- A group that gives permissions and that loses its last members is emptied if
-- there was more than one within the window.
create function scim.brake_group(p_org int, p_group uuid, p_removed bigint,
                                 p_ends boolean)
returns void language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set jit = off as $$
declare
  b scim.brakes;
  t timestamptz := clock_timestamp();
begin
  perform scim.must_be_entered(p_org);
  if p_ends then
    p_removed := (select count(*) from (
      select from scim.group_users d
       where d.org_id = p_org and d.group_id = p_group
      union all
      select from scim.group_groups e
       where e.org_id = p_org and e.group_id = p_group limit 2) m);
  end if;
  select * into b from scim.brakes x where x.org_id = p_org and x.enabled;
  if not found or p_removed = 0 or not scim.is_mapped_above(p_org, p_group)
     or scim.brake_is_let_through(p_org, p_group) then
    return;
  end if;
  if b.until > t then
    perform scim.brake_refuse(b, 'group', t);
  end if;
  if not b.groups
     or t < coalesce(b.until + b.hours * interval '1 hour', b.open_until)
     or (not p_ends and (
       exists (select from scim.group_users d
                where d.org_id = p_org and d.group_id = p_group)
       or exists (select from scim.group_groups e
                   where e.org_id = p_org and e.group_id = p_group))) then
    return;
  end if;
  if p_removed > 1 or exists (
       select from scim.journal j
        where j.org_id = p_org and j.resource = p_group
          and j.at > t - b.minutes * interval '1 minute'
          and j.removed is not null and j.xid <> pg_current_xact_id()) then
    perform scim.brake_refuse(b, 'group', t);
  end if;
end $$;

-- After a refusal, in a transaction of its own: engages the brake, unless it is
-- engaged or was just released, and lists what was asked for.
create function scim.brake_hold(p_org int, p_type text, p_id uuid,
                                p_asked text, p_by scim.origin)
returns void language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
  b scim.brakes;
  t timestamptz;
  is_new boolean;
begin
  perform scim.must_be_entered(p_org);
  perform scim.brake_settle(p_org);
  select * into b from scim.brakes x
   where x.org_id = p_org and x.enabled for update;
  t := clock_timestamp();
  if not found or t < b.open_until then
    return;
  end if;
  if b.until is null then
    b.reason := case p_type when 'Group' then 'group' else 'users' end;
    update scim.brakes x
       set engaged = t, reason = b.reason,
           until = t + x.hours * interval '1 hour'
     where x.org_id = p_org returning x.until into b.until;
    perform scim.brake_note(p_org, p_by, 'brake.engage', null, null,
      jsonb_build_object('reason', b.reason, 'until', b.until,
        'limit', scim.brake_limit(b), 'minutes', b.minutes));
  end if;
  insert into scim.brake_held as h
    (org_id, id, resource_type, asked, app_id, since, last)
  values (p_org, p_id, p_type, p_asked, p_by.app_id, t, t)
  on conflict (org_id, id) do update
    set asked = excluded.asked, last = excluded.last, times = h.times + 1
  returning h.times = 1 into is_new;
  if is_new then
    perform scim.brake_note(p_org, p_by, 'brake.hold', p_type, p_id,
                            jsonb_build_object('asked', p_asked));
  end if;
end $$;

revoke all
  on function scim.brake_limit, scim.brake_slot, scim.brake_refuse,
     scim.brake_note, scim.brake_end, scim.brake_release, scim.brake_settle,
     scim.brake_is_let_through, scim.brake_user, scim.brake_begin,
     scim.brake_group, scim.brake_hold
  from public;
grant execute
  on function scim.brake_user, scim.brake_group, scim.brake_hold
  to scim_httpd, scim_admin;
grant execute
  on function scim.brake_release, scim.brake_settle, scim.brake_limit,
     scim.brake_slot
  to scim_admin;

do $$
declare
  t text;
begin
  foreach t in array array['brakes', 'brake_removals', 'brake_counts',
      'brake_held'] loop
    execute format('alter table scim.%I enable row level security', t);
    execute format('create policy organization on scim.%I using (org_id ='
                   ' current_setting(''scim.org'')::int)', t);
  end loop;
end $$;

-- Whether there is one, which is what most removals ask.
grant select (org_id, enabled) on scim.brakes to scim_httpd;
grant select, insert, update on scim.brakes to scim_admin;
grant select, delete on scim.brake_removals, scim.brake_counts to scim_admin;
grant select, update on scim.brake_held to scim_admin;

update scim.schema set version = 5;

reset role;
