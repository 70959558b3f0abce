//! Contracts that load, and what they load to.
#![allow(clippy::unwrap_used)]

use contract::*;
use std::path::Path;

fn tour() -> Loaded {
    folder("tour")
}

fn folder(name: &str) -> Loaded {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts").join(name);
    load(&dir).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

/// Compiles one text with a header.
fn compiled(text: &str) -> Contract {
    let mut sources = Sources::default();
    sources
        .add("a.graphql", format!("extend schema @contract(name: \"my-shop\", version: \"1.0.0\")\n{text}"));
    let read = |_: &str| Err("none".to_owned());
    compile(sources, &read).unwrap_or_else(|diagnostics| panic!("{diagnostics}")).contract
}

fn resource<'a>(contract: &'a Contract, name: &str) -> &'a Resource {
    contract.resource(contract.resource_named(name).unwrap())
}

fn operation<'a>(contract: &'a Contract, name: &str) -> &'a Operation {
    contract.operation(contract.operation_named(name).unwrap_or_else(|| panic!("no operation {name}")))
}

fn field<'a>(resource: &'a Resource, name: &str) -> &'a Field {
    resource.field(resource.field_named(name).unwrap())
}

fn column<'a>(resource: &'a Resource, name: &str) -> &'a Column {
    field(resource, name).column().unwrap()
}

fn route(contract: &Contract, name: &str) -> Option<(Method, String)> {
    operation(contract, name).rest.as_ref().map(|route| (route.method, route.path.clone()))
}

fn rpc(contract: &Contract, name: &str) -> (String, String) {
    let rpc = operation(contract, name).rpc.as_ref().unwrap();
    (rpc.service.clone(), rpc.method.clone())
}

#[test]
fn the_tour_has_its_types() {
    let Loaded { contract, .. } = tour();
    assert_eq!((contract.name.as_str(), contract.version.as_str()), ("tour", "1.0.0"));
    let names = |names: &[String]| names.join(" ");
    let resources: Vec<String> = contract.resources.iter().map(|r| r.name.clone()).collect();
    assert_eq!(names(&resources), "User Follow Post Comment Product Account");
    let objects: Vec<String> = contract.objects.iter().map(|o| o.name.clone()).collect();
    assert_eq!(names(&objects), "Part Transfer UpdateSummary ChatMessage SyncMessage");
    let user = resource(&contract, "User");
    assert_eq!(user.description.as_deref(), Some("A person who writes and follows."));
    assert_eq!((user.plural.as_str(), user.table.as_str()), ("users", "user"));
    assert_eq!(user.key_field().name, "id");
    assert!(user.access.delete.as_ref().is_some_and(|rule| rule.source == "'admin' in caller.roles"));
    assert!(resource(&contract, "Comment").access.update.is_none());
}

#[test]
fn fields_have_their_sources() {
    let Loaded { contract, .. } = tour();
    let (user, post, comment) =
        (resource(&contract, "User"), resource(&contract, "Post"), resource(&contract, "Comment"));
    assert!(column(user, "password").secret && field(user, "password").is_secret());
    assert!(column(user, "email").unique);
    assert_eq!(field(user, "email").checks.format, Some(Format::Email));
    let login = user.login.unwrap();
    assert_eq!(
        (login.identity, login.secret),
        (user.field_named("email").unwrap(), user.field_named("password").unwrap())
    );
    let Source::Relation(Relation::By { field: by }) = field(user, "posts").source else {
        panic!("a relation")
    };
    assert_eq!(by, post.field_named("author").unwrap());
    let Source::Relation(Relation::Through { join, from, to }) = field(user, "followers").source else {
        panic!("a relation")
    };
    let follow = contract.resource(join);
    assert_eq!((follow.field(from).name.as_str(), follow.field(to).name.as_str()), ("followee", "follower"));
    assert_eq!(follow.unique, [[from, to].into_iter().rev().collect::<Vec<_>>()]);
    assert_eq!(column(post, "author").assign, Some(Assign::CallerId));
    assert!(column(post, "author").immutable && column(post, "author").index);
    assert_eq!(column(post, "createdAt").name, "created_at");
    assert_eq!(column(post, "published").default, Some(Literal::Bool(true)));
    assert_eq!(column(comment, "createdAt").assign, Some(Assign::NowOnChange));
    assert_eq!(column(comment, "author").on_delete, OnDelete::SetNull);
    assert_eq!(column(comment, "post").on_delete, OnDelete::Cascade);
    assert_eq!(
        comment.indexes,
        [["post", "createdAt"].map(|name| comment.field_named(name).unwrap()).to_vec()]
    );
    let Source::Computed(rule) = &field(comment, "shout").source else { panic!("computed") };
    assert_eq!(rule.source, "text.upperAscii()");
    assert_eq!(field(post, "comments").number, 6);
}

#[test]
fn a_product_keeps_what_its_directives_say() {
    let Loaded { contract, .. } = tour();
    let product = resource(&contract, "Product");
    assert_eq!((product.key_kind, product.cost), (KeyKind::Client, 2));
    assert_eq!(product.cache, Some(Cache { max_age_s: 60, scope: CacheScope::Public }));
    assert_eq!(column(product, "name").name, "title");
    assert_eq!(field(product, "price").ty.base, Base::Scalar(Scalar::Decimal { scale: 4 }));
    let range = field(product, "price").checks.range.clone().unwrap();
    assert_eq!((range.min, range.max), (Some(Literal::Text("0.0001".into())), Some(Literal::Int(1_000_000))));
    assert_eq!(column(product, "size").default, Some(Literal::Enum("MEDIUM".into())));
    assert_eq!(column(product, "tags").default, Some(Literal::List(Vec::new())));
    assert_eq!(field(product, "tags").checks.length.as_ref().unwrap().max, Some(10));
    assert!(matches!(field(product, "parts").ty.base, Base::Object(_)));
    let named = &contract.abstracts[product.implements[0].index()];
    assert_eq!((named.name.as_str(), named.members.len()), ("Named", 1));
    let size = &contract.enums[0];
    assert_eq!(size.values[1].description.as_deref(), Some("The usual one."));
    assert_eq!(size.values[2].deprecated.as_deref(), Some("too large"));
    let account = resource(&contract, "Account");
    assert_eq!((account.table.as_str(), account.soft_delete), ("bank_account", true));
    assert_eq!(field(account, "balance").ty.base, Base::Scalar(Scalar::Decimal { scale: 2 }));
    let place = contract.inputs.iter().find(|input| input.name == "Place").unwrap();
    assert!(place.one_of);
    let point = contract.inputs.iter().find(|input| input.name == "Point").unwrap();
    assert_eq!(point.fields[1].default, Some(Literal::Number("0.5".into())));
}

#[test]
fn standard_operations_come_first_and_have_their_places() {
    let contract = compiled("type OrderItem @resource @access(read: \"true\") { id: ID! order: Order! }
        type Order @resource @access(read: \"true\") { id: ID! items: [OrderItem!]! @relation(by: \"order\") }");
    let all: Vec<String> = contract
        .operations
        .iter()
        .map(|o| {
            let rest = o.rest.as_ref().map(|r| format!("{:?} {}", r.method, r.path)).unwrap_or_default();
            let rpc = o.rpc.as_ref().unwrap();
            format!("{} | {rest} | {}.{}", o.name, rpc.service, rpc.method)
        })
        .collect();
    assert_eq!(
        all,
        [
            "orderItem | Get /orderItems/{id} | OrderItemService.Get",
            "orderItems | Get /orderItems | OrderItemService.List",
            "orderItemsCount |  | OrderItemService.Count",
            "createOrderItem | Post /orderItems | OrderItemService.Create",
            "updateOrderItem | Patch /orderItems/{id} | OrderItemService.Update",
            "upsertOrderItem | Put /orderItems/{id} | OrderItemService.Upsert",
            "deleteOrderItem | Delete /orderItems/{id} | OrderItemService.Delete",
            "batchOrderItems | Post /orderItems:batch | OrderItemService.Batch",
            "orderItemsAggregate |  | OrderItemService.Aggregate",
            "order | Get /orders/{id} | OrderService.Get",
            "orders | Get /orders | OrderService.List",
            "ordersCount |  | OrderService.Count",
            "createOrder | Post /orders | OrderService.Create",
            "updateOrder | Patch /orders/{id} | OrderService.Update",
            "upsertOrder | Put /orders/{id} | OrderService.Upsert",
            "deleteOrder | Delete /orders/{id} | OrderService.Delete",
            "batchOrders | Post /orders:batch | OrderService.Batch",
            "ordersAggregate |  | OrderService.Aggregate",
            "itemsOfOrder | Get /orders/{id}/items | OrderService.ListItems",
        ]
    );
}

#[test]
fn own_operations_replace_standard_ones_and_take_their_places() {
    let Loaded { contract, .. } = tour();
    let get = |name: &str| route(&contract, name);
    assert_eq!(get("post"), Some((Method::Get, "/posts/{id}".into())));
    assert_eq!(get("users"), Some((Method::Get, "/users".into())));
    assert_eq!(get("createPost"), Some((Method::Post, "/posts".into())));
    assert_eq!(get("addComment"), Some((Method::Post, "/add-comment".into())));
    assert_eq!(get("postsOfAuthor"), Some((Method::Get, "/authors/{authorId}/posts".into())));
    assert_eq!(get("userPosts"), Some((Method::Get, "/users/{id}/posts".into())));
    assert_eq!(get("weather"), None);
    assert_eq!(get("commentAdded"), None);
    assert_eq!(rpc(&contract, "createPost"), ("PostService".into(), "Create".into()));
    assert_eq!(rpc(&contract, "addComment"), ("TourService".into(), "AddComment".into()));
    assert_eq!(contract.operations.iter().filter(|o| o.name == "createPost").count(), 1);
    assert!(contract.operation_named("updateFollow").is_none());
    // `Follow` cannot be listed, but those it leads to can.
    assert!(contract.operation_named("userFollowers").is_some());
    let first_own = contract.operations.iter().position(|o| !o.arguments.is_empty()).unwrap();
    assert!(contract.operations[first_own..].iter().all(|o| o.span != contract.resources[0].span));
}

#[test]
fn arguments_know_their_fields() {
    let Loaded { contract, .. } = tour();
    let comment = resource(&contract, "Comment");
    let add = operation(&contract, "addComment");
    assert!(matches!(add.binding, Binding::Create(id) if contract.resource(id).name == "Comment"));
    let fields: Vec<Option<FieldId>> = add.arguments.iter().map(|a| a.field).collect();
    assert_eq!(fields, [comment.field_named("post"), comment.field_named("text")]);
    let list = operation(&contract, "postsOfAuthor");
    assert_eq!(list.arguments[0].field, resource(&contract, "Post").field_named("author"));
    assert_eq!((list.arguments[1].field, list.arguments[1].default.clone()), (None, Some(Literal::Int(20))));
    let added = operation(&contract, "commentAdded");
    assert!(matches!(
        added.binding,
        Binding::Event(EventBinding::Change { change: Change::Created, resource }) if contract.resource(resource).name == "Comment"
    ));
    assert_eq!(added.arguments[0].field, comment.field_named("post"));
}

#[test]
fn sql_is_split_and_every_statement_knows_its_place() {
    let Loaded { contract, .. } = tour();
    let transfer = operation(&contract, "transferFunds");
    let Binding::Sql(sql) = &transfer.binding else { panic!("sql") };
    let expected: Vec<Option<(RowCount, &str)>> =
        sql.statements.iter().map(|s| s.expect.as_ref().map(|e| (e.rows, e.error.as_str()))).collect();
    assert_eq!(
        expected,
        [
            Some((RowCount::Exactly(2), "ACCOUNT_NOT_FOUND")),
            Some((RowCount::One, "INSUFFICIENT_FUNDS")),
            None,
            None
        ]
    );
    let update = operation(&contract, "updateInventory");
    let Binding::Sql(inventory) = &update.binding else { panic!("sql") };
    let each = inventory.each.as_ref().unwrap();
    assert_eq!((each.argument, update.arguments[0].stream), (0, true));
    assert_eq!(inventory.statements[0].text, "SELECT :_changes AS \"totalUpdated\"");
    let all = sql.statements.iter().chain(&each.statements).chain(&inventory.statements);
    for statement in all {
        let names = statement.text.match_indices(|c: char| c.is_ascii_alphabetic());
        for (at, letter) in names {
            let span = statement.places.span(at, at + 1);
            assert_eq!(&contract.sources.text(span.file)[span.start as usize..span.end as usize], letter);
        }
    }
    let span = sql.statements[1].places.span(0, 6);
    assert_eq!(contract.sources.position(span.file, span.start), (6, 1));
    assert!(contract.sources.path(span.file).ends_with("sql/transfer_funds.sql"));
}

#[test]
fn events_channels_and_wires_are_kept() {
    let Loaded { contract, .. } = tour();
    let transfer = operation(&contract, "transferFunds");
    assert!(transfer.idempotent && transfer.rule.is_some());
    assert_eq!(transfer.limit, Some(CallLimit { calls: 10, per_s: 60 }));
    assert_eq!(transfer.emits[1], Emit { event: "payment.failed".into(), on: Outcome::Failure });
    assert_eq!(transfer.errors[1].kind, ErrorKind::Conflict);
    assert_eq!(transfer.soap.as_ref().unwrap().operation, "TransferFunds");
    let inbound = transfer.inbound.as_ref().unwrap();
    assert_eq!(inbound.args[2], ("amount".into(), "data.object.amount".into()));
    assert_eq!(rpc(&contract, "updateInventory"), ("ProductService".into(), "UpdateInventory".into()));
    let chat = &contract.channels[0];
    assert_eq!(
        (chat.path.as_str(), chat.history, chat.presence, chat.rate_per_min),
        ("chat/{room}", 100, false, Some(100))
    );
    assert_eq!(chat.fields[2].column().unwrap().assign, Some(Assign::Now));
    assert!(matches!(operation(&contract, "say").binding, Binding::Channel(ChannelId(0))));
    let sync = operation(&contract, "sync");
    assert!(
        sync.stream && sync.arguments[0].stream && matches!(sync.binding, Binding::Channel(ChannelId(1)))
    );
    assert_eq!(contract.objects[1].fields[1].xml, Xml::Text);
}

#[test]
fn what_nobody_can_reach_is_a_warning() {
    let Loaded { contract, warnings, .. } = tour();
    let said: Vec<&str> = warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(said, ["nobody can reach `Account`: it has no `@access`"]);
    assert!(warnings.iter().all(|w| w.severity == Severity::Warning && w.code == contract::code::CLOSED));
    assert_eq!(contract.sources.position(warnings[0].span.file, warnings[0].span.start).1, 6);
}

#[test]
fn a_contract_may_consist_of_types_alone_or_name_its_roots() {
    let contract = compiled("type A @resource @access(read: \"true\") { id: ID! }");
    assert_eq!(contract.operations.len(), 9);
    let contract = compiled(
        "schema { query: Q } type Q { a(id: ID!): A @get } type A @resource @access(read: \"true\") { id: ID! }",
    );
    assert_eq!(operation(&contract, "a").root, Root::Query);
    assert_eq!(contract.name, "my-shop");
}

#[test]
fn a_folder_is_read_in_the_order_of_names_and_never_left() {
    let dir = std::env::temp_dir().join(format!("contract-load-{}", std::process::id()));
    std::fs::create_dir_all(dir.join("inner")).unwrap();
    let refused = |text: &str| {
        std::fs::write(dir.join("inner/a.graphql"), text).unwrap();
        load(&dir.join("inner")).map(|_| ()).unwrap_err().to_string()
    };
    let with_sql = |file: &str| {
        format!(
            "extend schema @contract(name: \"a\", version: \"1.0.0\") type Query {{ \
             a: Int @sql(file: \"{file}\") @access(call: \"true\") }}"
        )
    };
    std::fs::write(dir.join("out.sql"), "select 1").unwrap();
    assert!(refused(&with_sql("../out.sql")).contains("relative to the contract's folder"));
    assert!(refused(&with_sql("/etc/a.sql")).contains("relative to the contract's folder"));
    assert!(refused(&with_sql("none.sql")).contains("cannot read `none.sql`"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.join("out.sql"), dir.join("inner/link.sql")).unwrap();
        assert!(refused(&with_sql("link.sql")).contains("outside of the contract's folder"));
    }
    std::fs::write(dir.join("inner/in.sql"), "select 1").unwrap();
    std::fs::write(dir.join("inner/a.graphql"), with_sql("in.sql")).unwrap();
    assert!(load(&dir.join("inner")).is_ok());
    std::fs::write(dir.join("inner/b.graphql"), vec![b'#'; bounds::FILE_BYTES_MAX + 1]).unwrap();
    assert!(load(&dir.join("inner")).unwrap_err().to_string().contains("larger than"));
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(load(&dir).unwrap_err().has_errors());
}

#[test]
fn files_without_definitions_and_byte_order_marks_are_no_mistakes() {
    let mut sources = Sources::default();
    sources.add("a.graphql", "");
    sources.add("b.graphql", " # a comment\r\n, ,\n");
    sources.add("c.graphql", "\u{feff}extend schema @contract(name: \"a\", version: \"1.0.0\")");
    assert!(compile(sources, &|_| Err("none".to_owned())).is_ok());
}

#[test]
fn warnings_alone_refuse_nothing_however_many_they_are() {
    let types = (0..bounds::FINDINGS_MAX + 5).map(|i| format!("type A{i} @resource {{ id: ID! }} "));
    let mut sources = Sources::default();
    let header = "extend schema @contract(name: \"a\", version: \"1.0.0\") ".to_owned();
    sources.add("a.graphql", header + &types.collect::<String>());
    let loaded = compile(sources, &|_| Err("none".to_owned())).unwrap();
    assert_eq!(loaded.warnings.len(), bounds::FINDINGS_MAX + 1);
    assert_eq!(loaded.warnings.last().unwrap().message, "5 more findings are not shown");
}

#[test]
fn nothing_at_all_is_refused_with_a_place() {
    let diagnostics = compile(Sources::default(), &|_| Err("none".to_owned())).unwrap_err();
    assert!(diagnostics.to_string().starts_with("error[CONTRACT]: the contract has no name"));
}

#[test]
fn a_contract_to_read_loads_as_it_is_written() {
    let Loaded { contract, warnings, .. } = folder("read");
    assert_eq!((contract.resources.len(), contract.channels.len(), contract.objects.len()), (4, 1, 3));
    let own: Vec<&str> = contract.operations.iter().rev().take(4).map(|o| o.name.as_str()).collect();
    assert_eq!(own, ["commentAdded", "updateInventory", "transferFunds", "addComment"]);
    let Binding::Sql(sql) = &operation(&contract, "updateInventory").binding else { panic!("sql") };
    assert!(sql.each.is_some() && sql.statements.is_empty());
    let closed: Vec<&str> = warnings.iter().map(|w| w.message.split('`').nth(1).unwrap()).collect();
    assert_eq!(closed, ["transferFunds", "updateInventory"]);
}
