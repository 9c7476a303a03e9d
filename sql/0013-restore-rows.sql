-- Owners restore users by the statements that SCIM writes them with.
set local role scim_owner;

grant execute on function scim.index_is_ready to scim_admin;

-- Writers ask, too, where an attribute came that they do not know (0).
create or replace function scim.index_is_ready(p_attr smallint)
returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  perform from scim.attributes a where a.attr = p_attr and a.ready;
  if not found then
    raise exception 'scim.attributes is not as this connection knows it'
      using errcode = 'SCIX1';
  end if;
  return true;
end $$;

update scim.schema set version = 13;

reset role;
