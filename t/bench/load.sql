-- Organizations of any size, made in the database. What an identity provider's
-- user looks like: core and enterprise User, 1.5 e-mail addresses, 1.5 KB.
create schema bench;

-- A number's user: ids in order of creation, as version 7 is.
create function bench.id(n bigint) returns uuid language sql immutable as $$
  select ('019a0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

create function bench.name(n bigint) returns text language sql immutable as $$
  select (array['Ada', 'Bjarne', 'Chidi', 'Dana', 'Elif', 'Farid', 'Grace',
    'Hanna', 'Ines', 'Jun', 'Kofi', 'Lea', 'Marek', 'Noor', 'Omar', 'Priya',
    'Rosa', 'Sven', 'Tariq', 'Uma', 'Vera', 'Wen', 'Xenia', 'Yusuf', 'Zoe'
    ])[n % 25 + 1] $$;

create function bench.family(n bigint) returns text language sql immutable as $$
  select (array['Adeyemi', 'Bjork', 'Castillo', 'Dubois', 'Eriksen', 'Fischer',
    'Garcia', 'Haddad', 'Ivanov', 'Jensen', 'Kowalski', 'Larsen', 'Mensah',
    'Novak', 'Oliveira', 'Petrov', 'Quinn', 'Rossi', 'Silva', 'Tanaka',
    'Ueda', 'Visser', 'Weber', 'Xu', 'Yilmaz', 'Zhang'
    ])[(n / 25) % 26 + 1] || n $$;

-- The stored text; with folded names it is the folded document.
create function bench.body(n bigint, given text, family text, login text)
returns text language sql immutable as $$
  select format('{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",'
    '"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],'
    '"externalId":"%1$s","userName":"%4$s","name":{"formatted":"%2$s %3$s",'
    '"familyName":"%3$s","givenName":"%2$s"},"displayName":"%2$s %3$s",'
    '"nickName":"%2$s","title":"senior engineer for everything %6$s",'
    '"userType":"employee","preferredLanguage":"en-us","locale":"en-us",'
    '"timezone":"europe/amsterdam","active":true,"emails":[{"value":"%4$s",'
    '"type":"work","primary":true}%5$s],"phoneNumbers":['
    '{"value":"+31 20 555 %6$s","type":"work"},'
    '{"value":"+31 6 5550 %6$s","type":"mobile"},'
    '{"value":"+31 20 556 %6$s","type":"fax"}],"addresses":[{"formatted":'
    '"amsterdam hq %6$s","streetAddress":"keizersgracht %6$s","locality":'
    '"amsterdam","region":"noord-holland","postalCode":"1016 ed",'
    '"country":"nl","type":"work"},{"formatted":"home %6$s",'
    '"streetAddress":"rua do salitre %6$s","locality":"lisboa",'
    '"region":"lisboa","postalCode":"1250-200","country":"pt","type":"home"}],'
    '"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{'
    '"employeeNumber":"c%6$s","costCenter":"cost center %6$s of the benchmark",'
    '"organization":"the benchmark and sons","division":"measurements",'
    '"department":"department %6$s"}}',
    md5(n::text), given, family, login,
    case when n % 2 = 0 then format(',{"value":"home.%s","type":"home"}', login)
    else '' end, lpad((n % 10000)::text, 4, '0')) $$;

create function bench.login(n bigint, slug text) returns text
language sql immutable as $$
  select lower(bench.name(n) || '.' || bench.family(n) || '@' || slug
    || '.example') $$;

-- Users first..last of an organization's first app. The keys of other tables
-- need no check: the rows are made from these.
create function bench.users(org int, slug text, first bigint, last bigint)
returns void language sql set session_replication_role = replica as $$
  insert into scim.users(org_id, app_id, id, active, user_name, external_id,
    display_name, family_name, body)
  select org, 1, bench.id(n), true, bench.login(n, slug), md5(n::text),
    lower(bench.name(n) || ' ' || bench.family(n)), lower(bench.family(n)),
    bench.body(n, bench.name(n), bench.family(n),
      bench.name(n) || '.' || bench.family(n) || '@' || slug || '.example')
    from generate_series(first, last) n;
  insert into scim.user_folded(org_id, user_id, folded)
  select org, bench.id(n), bench.body(n, lower(bench.name(n)),
      lower(bench.family(n)), bench.login(n, slug))::jsonb
    from generate_series(first, last) n;
  insert into scim.user_values(org_id, attr, elem, user_id, value, kind)
  select org, 1, elem, bench.id(n), case elem when 0 then '' else 'home.' end
      || bench.login(n, slug), case elem when 0 then 'work' else 'home' end
    from generate_series(first, last) n, generate_series(0, 1) elem
   where elem = 0 or n % 2 = 0 $$;

create function bench.group_id(size bigint) returns uuid
language sql immutable as $$
  select ('019a0000-0001-7000-8000-' || lpad(to_hex(size), 12, '0'))::uuid $$;

-- A group of the first so many users; its id has the size as its number.
create function bench.members(org int, size bigint) returns void
language sql set session_replication_role = replica as $$
  insert into scim.groups(org_id, app_id, id, name, display_name, body, folded)
  select org, 1, bench.group_id(size), name, lower(name), format(
      '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],'
      '"displayName":"%s"}', name), format('{"schemas":['
      '"urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"%s"}',
      lower(name))::jsonb
    from (select 'Group of ' || size) g(name);
  insert into scim.group_users(org_id, group_id, user_id)
  select org, bench.group_id(size), bench.id(n)
    from generate_series(1, size) n $$;

-- The yardstick of a POST: the body in a row with a key, and nothing else.
create table bench.bodies(id uuid primary key, body text not null);
