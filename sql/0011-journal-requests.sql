-- What was asked, in the row of a refusal, and the way to it by the reference
-- that ends the answer. Run as sql/README.md says.

set local role scim_owner;

-- {"method", "path", "body", "left_out", ...} as protocol/asked.c has it, in
-- the client's order; core/quote.c leaves out what nobody may read.
alter table scim.journal add column request json;

-- Refusals alone: what succeeds pays nothing for it. Lists may have it already.
create index if not exists journal_request on scim.journal(org_id, request_id)
  where status >= 400;

update scim.schema set version = 11;

reset role;
