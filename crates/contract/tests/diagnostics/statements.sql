-- expect: one else GONE
select 1;
select "x
