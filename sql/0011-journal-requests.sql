-- What was asked, in the row of a refusal. Run as sql/README.md says.

set local role scim_owner;

-- {"method", "path", "body", "left_out", ...} as protocol/asked.c has it, in
-- the client's order; core/quote.c leaves out what nobody may read.
alter table scim.journal add column request json;

update scim.schema set version = 11;

reset role;
