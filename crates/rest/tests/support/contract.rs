//! Users and their posts, and a few operations of their own.

use contract::*;

fn span() -> Span {
    Span { file: FileId(0), start: 0, end: 0 }
}

pub fn contract() -> Contract {
    let user = resource("User", "users", &["id", "name", "email"]);
    let mut post = resource("Post", "posts", &["id", "title", "published"]);
    post.fields[2].source = Source::Computed(Rule {
        source: "true".to_owned(),
        span: span(),
        expr: Expr::Value(rule::Value::Bool(true)),
    });
    let (users, posts) = (ResourceId(0), ResourceId(1));
    let mut operations = standard(users, "user", "/users");
    operations.extend(standard(posts, "post", "/posts"));
    let related = Binding::Related { parent: users, field: FieldId(0) };
    operations.push(operation("userPosts", Method::Get, "/users/{id}/posts", related, many(posts)));
    operations.extend(own());
    operations.push(operation("userBatch", Method::Post, "/users:batch", Binding::Batch(users), many(users)));
    let mut totals = operation("userTotals", Method::Get, "", Binding::Aggregate(users), many(users));
    totals.rest = None;
    operations.push(totals);
    Contract {
        name: "test".to_owned(),
        version: "1.0.0".to_owned(),
        description: None,
        resources: vec![user, post],
        objects: Vec::new(),
        inputs: Vec::new(),
        enums: Vec::new(),
        abstracts: Vec::new(),
        operations,
        channels: Vec::new(),
        numbers: contract::Numbers::default(),
        sources: Sources::default(),
    }
}

fn resource(name: &str, plural: &str, fields: &[&str]) -> Resource {
    Resource {
        name: name.to_owned(),
        description: None,
        plural: plural.to_owned(),
        table: name.to_lowercase(),
        fields: fields.iter().zip(1..).map(|(name, number)| field(name, number)).collect(),
        key: FieldId(0),
        key_kind: KeyKind::Uuid,
        unique: Vec::new(),
        indexes: Vec::new(),
        soft_delete: false,
        access: Access::default(),
        login: None,
        cache: None,
        cost: 1,
        deprecated: None,
        implements: Vec::new(),
        span: span(),
    }
}

fn field(name: &str, number: u32) -> Field {
    let column = Column {
        name: name.to_owned(),
        unique: false,
        index: false,
        default: None,
        assign: None,
        immutable: false,
        secret: false,
        on_delete: OnDelete::Restrict,
    };
    Field {
        name: name.to_owned(),
        description: None,
        deprecated: None,
        ty: scalar(Scalar::String),
        source: Source::Column(column),
        read: None,
        write: None,
        checks: Checks::default(),
        number,
        xml: Xml::Element,
        span: span(),
    }
}

fn scalar(scalar: Scalar) -> TypeRef {
    TypeRef { base: Base::Scalar(scalar), arity: Arity::One, required: true }
}

fn one(id: ResourceId) -> TypeRef {
    TypeRef { base: Base::Resource(id), arity: Arity::One, required: true }
}

fn many(id: ResourceId) -> TypeRef {
    TypeRef { arity: Arity::List { item_required: true }, ..one(id) }
}

fn standard(id: ResourceId, name: &str, path: &str) -> Vec<Operation> {
    let at_key = format!("{path}/{{id}}");
    vec![
        operation(&format!("{name}List"), Method::Get, path, Binding::List(id), many(id)),
        operation(&format!("{name}Get"), Method::Get, &at_key, Binding::Get(id), one(id)),
        operation(
            &format!("{name}Count"),
            Method::Get,
            &format!("{path}/count"),
            Binding::Count(id),
            one(id),
        ),
        operation(&format!("{name}Create"), Method::Post, path, Binding::Create(id), one(id)),
        operation(&format!("{name}Update"), Method::Patch, &at_key, Binding::Update(id), one(id)),
        operation(&format!("{name}Upsert"), Method::Put, &at_key, Binding::Upsert(id), one(id)),
        operation(&format!("{name}Delete"), Method::Delete, &at_key, Binding::Delete(id), one(id)),
    ]
}

/// Operations with arguments.
fn own() -> Vec<Operation> {
    let sql = || Binding::Sql(SqlBinding { each: None, statements: Vec::new() });
    let texts = TypeRef { arity: Arity::List { item_required: true }, ..scalar(Scalar::String) };
    let mut total = operation("total", Method::Get, "/totals/{year}", sql(), scalar(Scalar::Int));
    total.arguments = vec![
        argument("year", scalar(Scalar::Int)),
        argument("tags", texts),
        argument("options", scalar(Scalar::Json)),
    ];
    let mut rename = operation("rename", Method::Post, "/users/{id}/rename", sql(), one(ResourceId(0)));
    rename.arguments = vec![argument("id", scalar(Scalar::Id)), argument("name", scalar(Scalar::String))];
    let mut latest =
        operation("latest", Method::Get, "/latest", Binding::List(ResourceId(1)), many(ResourceId(1)));
    latest.arguments = vec![argument("limit", scalar(Scalar::Int))];
    let since = Binding::List(ResourceId(1));
    let mut since = operation("since", Method::Get, "/since", since, many(ResourceId(1)));
    since.arguments = vec![argument("after", scalar(Scalar::String))];
    let removal = Binding::Delete(ResourceId(0));
    let mut remove = operation("remove", Method::Post, "/users/{id}/remove", removal, one(ResourceId(0)));
    remove.arguments = vec![argument("id", scalar(Scalar::Id))];
    vec![total, rename, latest, since, remove]
}

fn argument(name: &str, ty: TypeRef) -> Argument {
    Argument {
        name: name.to_owned(),
        description: None,
        deprecated: None,
        ty,
        default: None,
        checks: Checks::default(),
        stream: false,
        field: None,
        number: 1,
        xml: Xml::Element,
        span: span(),
    }
}

fn operation(name: &str, method: Method, path: &str, binding: Binding, result: TypeRef) -> Operation {
    Operation {
        name: name.to_owned(),
        description: None,
        deprecated: None,
        root: if method == Method::Get { Root::Query } else { Root::Mutation },
        arguments: Vec::new(),
        result,
        stream: false,
        binding,
        rule: None,
        cost: 1,
        limit: None,
        cache: None,
        idempotent: false,
        emits: Vec::new(),
        inbound: None,
        errors: Vec::new(),
        rest: Some(RestRoute { method, path: path.to_owned() }),
        rpc: None,
        soap: None,
        span: span(),
    }
}
