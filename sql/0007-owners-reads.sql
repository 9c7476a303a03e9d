-- What owners look at, where there is much of it: the journal in numbers, so
-- that nobody counts a day of it to see how it goes; and indexes of the few
-- that are looked for. Run as sql/README.md says.

set local role scim_owner;

-- What tokens did in each minute. A row tells of what was refused for the same
-- cause, or of all that was done (status 0, the texts empty).
create table scim.journal_counts(
  org_id int not null,
  minute timestamptz(0) not null,
  app_id int not null,
  status smallint not null,
  action text collate "C" not null,
  scim_type text collate "C" not null,
  rows int not null,
  at timestamptz(3) not null, -- the newest of them
  primary key (org_id, minute, app_id, status, action, scim_type));

-- How far an organization's journal has been counted: up to this row, in the
-- order of (at, seq). Whoever wants to know of the time since then looks at the
-- rows behind it.
create table scim.journal_counted(
  org_id int primary key references scim.organizations,
  until timestamptz(3) not null,
  seq bigint not null,
  last_write timestamptz(3)); -- up to then

-- The next rows, so many at most, of what is older than a minute: by then its
-- transactions have ended, but for those that take longer, and which no number
-- here tells of. One at a time does it, and nobody waits. Four days are kept.
create function scim.journal_count(p_org int, p_rows int) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  ends timestamptz(3) := date_trunc('minute', now() - interval '1 minute');
  c scim.journal_counted;
  last record;
begin
  select * into c from scim.journal_counted x
   where x.org_id = p_org for update skip locked;
  if not found then
    insert into scim.journal_counted(org_id, until, seq)
    values (p_org, ends - interval '4 days', 0)
    on conflict do nothing returning * into c;
  end if;
  if c.org_id is null or c.until >= ends then
    return;
  end if;
  if c.until < ends - interval '4 days' then
    c.until := ends - interval '4 days';
    c.seq := 0;
  end if;
  with batch as materialized (
    select j.at, j.seq, j.app_id, j.status, j.action, j.scim_type, j.actor_kind,
           j.part
      from scim.journal j
     where j.org_id = p_org and j.at >= c.until and j.at < ends
       and (j.at, j.seq) > (c.until, c.seq)
     order by j.at, j.seq limit p_rows),
  counted as (
    insert into scim.journal_counts as n (org_id, minute, app_id, status,
                                          action, scim_type, rows, at)
    select p_org, date_trunc('minute', b.at), coalesce(b.app_id, 0),
           case when b.status < 400 then 0 else b.status end,
           case when b.status < 400 then '' else b.action end,
           case when b.status < 400 then '' else coalesce(b.scim_type, '') end,
           count(*), max(b.at)
      from batch b
     where b.actor_kind = 'token' and b.part = 0 and b.status is not null
     group by 2, 3, 4, 5, 6
    on conflict (org_id, minute, app_id, status, action, scim_type) do update
      set rows = n.rows + excluded.rows, at = greatest(n.at, excluded.at)),
  written as (
    select max(b.at) as at from batch b
     where b.actor_kind = 'token' and b.part = 0 and b.status < 400)
  select n.rows, e.at, e.seq, w.at as written into last
    from (select count(*) as rows from batch) n cross join written w
    left join (select b.at, b.seq from batch b
                order by b.at desc, b.seq desc limit 1) e on true;
  update scim.journal_counted x
     set until = case when last.rows < p_rows then ends else last.at end,
         seq = case when last.rows < p_rows then 0 else last.seq end,
         last_write = coalesce(last.written, x.last_write)
   where x.org_id = p_org;
  delete from scim.journal_counts n
   where n.org_id = p_org and n.minute < ends - interval '4 days';
end $$;

-- The same, and how far it is.
create function scim.journal_count_own(p_org int, out until timestamptz,
                                       out seq bigint)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform scim.must_be_entered(p_org);
  perform scim.journal_count(p_org, 100000);
  select c.until, c.seq into until, seq
    from scim.journal_counted c where c.org_id = p_org;
end $$;
revoke all on function scim.journal_count, scim.journal_count_own from public;
grant execute on function scim.journal_count_own to scim_admin;

-- Last use, at most once a minute, when the journal is counted, too. Whoever
-- finds the row locked lets the other one write it, and nobody waits for the
-- disk. The first use ends the tokens that this one replaces.
create or replace function scim.token_used(p_org int, p_key bigint,
                                           p_hash bytea, p_address text)
returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  select set_config('synchronous_commit', 'off', true);
  with used as (
    update scim.tokens t set last_used = now(), last_address = p_address,
           stale = now() + interval '1 minute'
      from (select ctid, last_used is null as is_first from scim.tokens
             where org_id = p_org and key_id = p_key and hash = p_hash
               and stale < now()
               for update skip locked) free
     where t.ctid = free.ctid and t.org_id = p_org
    returning free.is_first),
  ended as (
    update scim.tokens t
       set expires = least(t.expires, now() + interval '1 hour')
      from used
     where used.is_first and t.org_id = p_org and t.replaced_by = p_key)
  select scim.journal_count(p_org, 10000) from used $$;

-- What is there already.
do $$
declare
  o record;
begin
  for o in select org_id from scim.organizations where deleted is null loop
    perform scim.journal_count(o.org_id, 2000000000);
    update scim.journal_counted c set last_write = (
        select j.at from scim.journal j
         where j.org_id = o.org_id and j.actor_kind = 'token'
           and j.status < 400 and j.at > now() - interval '90 days'
         order by j.at desc limit 1)
     where c.org_id = o.org_id and c.last_write is null;
  end loop;
end $$;

do $$
declare
  t text;
begin
  foreach t in array array['journal_counts', 'journal_counted'] loop
    execute format('alter table scim.%I enable row level security', t);
    execute format('create policy organization on scim.%I using (org_id ='
                   ' current_setting(''scim.org'')::int)', t);
  end loop;
end $$;
grant select on scim.journal_counts, scim.journal_counted to scim_admin;

-- What was refused, and the reference that its error ended with: rows that
-- nobody waits for.
create index journal_refused on scim.journal(org_id, at, seq)
  where status >= 400;
create index journal_request on scim.journal(org_id, request_id)
  where status >= 400;

create index users_inactive_name on scim.users(org_id, user_name)
  include (id, app_id) where not active;

update scim.schema set version = 7;

reset role;
