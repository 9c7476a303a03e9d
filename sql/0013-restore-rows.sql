-- Owners restore users by the statements that SCIM writes them with.
set local role scim_owner;

grant execute on function scim.index_is_ready to scim_admin;

update scim.schema set version = 13;

reset role;
