-- In which hours an app was in contact: how often its provider comes. Run as
-- sql/README.md says.

set local role scim_owner;

create table scim.contacts(
  org_id int not null,
  app_id int not null,
  hour timestamptz(0) not null,
  primary key (org_id, app_id, hour),
  foreign key (org_id, app_id) references scim.apps);

-- What a request with a token leaves behind, at most once a minute: its app's
-- hour, once, with those forgotten that nobody asks for any more; and what
-- token_used() does.
create function scim.contact_note(p_org int, p_key bigint, p_hash bytea,
                                  p_address text)
returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  with noted as (
    insert into scim.contacts(org_id, app_id, hour)
    select t.org_id, t.app_id, date_trunc('hour', now(), 'UTC')
      from scim.tokens t
     where t.org_id = p_org and t.key_id = p_key and t.hash = p_hash
       and (t.last_used >= date_trunc('hour', now(), 'UTC')) is not true
    on conflict do nothing returning app_id)
  delete from scim.contacts c using noted
   where c.org_id = p_org and c.app_id = noted.app_id
     and c.hour < now() - interval '45 days';
  select scim.token_used(p_org, p_key, p_hash, p_address) $$;
revoke all on function scim.contact_note from public;
grant execute on function scim.contact_note to scim_httpd;

-- Apps that were in contact around the clock, for two days and more, and came
-- in three hours at most of each of their last two days: what an identity
-- provider does with a job that fails (Entra's quarantine). `busy`: when it
-- last came as it used to.
create function scim.slowed_apps(p_org int)
returns table (app_id int, busy timestamptz, latest timestamptz)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with seen as (
    select c.app_id, c.hour, max(c.hour) over (partition by c.app_id) as latest,
           count(*) over (partition by c.app_id order by c.hour
             range between interval '23 hours' preceding and current row) as day
      from scim.contacts c where c.org_id = p_org)
  select s.app_id, max(s.hour) filter (where s.day >= 18), max(s.latest)
    from seen s group by s.app_id
  having count(*) filter (where s.day >= 18) >= 48
     and count(*) filter (where s.hour > s.latest - interval '24 hours') <= 3
     and count(*) filter (where s.hour <= s.latest - interval '24 hours'
           and s.hour > s.latest - interval '48 hours') between 1 and 3
     and max(s.latest) > now() - interval '48 hours' $$;
revoke all on function scim.slowed_apps from public;
grant execute on function scim.slowed_apps to scim_admin;

alter table scim.contacts enable row level security;
create policy organization on scim.contacts
  using (org_id = current_setting('scim.org')::int);
grant select on scim.contacts to scim_admin;

update scim.schema set version = 9;

reset role;
