-- Tokens of the connection test: they live for minutes, only read, and are
-- nobody's contact. Run as sql/README.md says.

set local role scim_owner;

-- stale: their use is never worth a write, so that last_used stays empty.
alter table scim.tokens add column test boolean not null default false,
  add constraint tokens_test check (not test or (read_only
    and expires is not null and stale = 'infinity'));

-- Those whose time is over go when the next one is made, and no others.
create policy test_tokens on scim.tokens as restrictive for delete to scim_admin
  using (test and expires < now());

update scim.schema set version = 12;

reset role;
