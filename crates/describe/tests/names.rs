//! What the schema adds steps aside for what the contract has.
#![allow(clippy::unwrap_used)]

mod support;

use support::{contract, field, input_field, schema};

#[test]
fn types_of_the_contract_keep_their_names() {
    let contract = contract(
        r#"
        type Customer @resource @access(read: "true") { id: ID!  kind: OrderDirection  orders: [CustomerOrder!]! @relation(by: "customer") }
        type CustomerOrder @resource @access(read: "true") { id: ID!  customer: Customer! }
        type Wish @resource @access(read: "true") { id: ID!  list: WishList! }
        type WishList @resource @access(read: "true") { id: ID!  wishes: [Wish!]! @relation(by: "list") }
        type Node @resource @access(read: "true") { id: ID!  page: PageInfo }
        type PageInfo { name: String! }
        enum OrderDirection { UP DOWN }
        type StringFilter @resource @access(read: "true") { id: ID!  text: String! }
        "#,
    );
    let schema = schema(&contract);
    let customers =
        "customers(where: CustomerFilter, orderBy: [_CustomerOrder!], limit: Int, offset: Int): [Customer!]!";
    assert_eq!(field(&schema, "Query", "customers").as_deref(), Some(customers));
    assert_eq!(input_field(&schema, "_CustomerOrder", "id").unwrap(), "id: _OrderDirection");
    assert_eq!(input_field(&schema, "CustomerOrderFilter", "customer").unwrap(), "customer: CustomerFilter");
    assert_eq!(input_field(&schema, "StringFilterFilter", "text").unwrap(), "text: _StringFilter");
    assert_eq!(input_field(&schema, "WishFilter", "list").unwrap(), "list: WishListFilter");
    assert_eq!(input_field(&schema, "WishListFilter", "wishes").unwrap(), "wishes: _WishListFilter");
    assert_eq!(field(&schema, "Node", "page").unwrap(), "page: PageInfo");
    assert_eq!(field(&schema, "NodeConnection", "pageInfo").unwrap(), "pageInfo: _PageInfo!");
    // `node` is the standard query of the resource, so nothing is found by its key alone.
    assert_eq!(field(&schema, "Query", "node").unwrap(), "node(id: ID!): Node");
    assert!(schema.get_interface("_Node").is_none());
}

#[test]
fn fields_of_the_contract_keep_their_names() {
    let contract = contract(
        r#"
        type Person @resource @access(read: "true", create: "true", update: "true", delete: "true") {
          id: ID!  and: Int  or: String  not: Boolean  ifVersion: String  posts: [Post!]! @relation(by: "author")
          postsCount: String
        }
        type Post @resource @access(read: "true") { id: ID!  author: Person! }
        type Query {
          personsConnection: Int! @sql(run: "SELECT 1") @access(call: "true")
          personsGroups: Int! @sql(run: "SELECT 1") @access(call: "true")
          posts(author: ID): [Post!]! @list
        }
        "#,
    );
    let schema = schema(&contract);
    assert_eq!(field(&schema, "Query", "personsConnection").unwrap(), "personsConnection: Int!");
    assert_eq!(field(&schema, "Query", "personsGroups").unwrap(), "personsGroups: Int!");
    assert_eq!(field(&schema, "Person", "postsCount").unwrap(), "postsCount: String");
    for (name, own) in [("and", "and: IntFilter"), ("or", "or: StringFilter"), ("not", "not: BooleanFilter")]
    {
        assert_eq!(input_field(&schema, "PersonFilter", name).unwrap(), own);
    }
    let update = field(&schema, "Mutation", "updatePerson").unwrap();
    assert_eq!(
        update,
        "updatePerson(id: ID!, and: Int, or: String, not: Boolean, ifVersion: String, postsCount: String): Person!"
    );
    assert_eq!(field(&schema, "Mutation", "deletePerson").unwrap(), "deletePerson(id: ID!): Person!");
    assert_eq!(
        field(&schema, "Query", "posts").unwrap(),
        "posts(author: ID, where: PostFilter, orderBy: [PostOrder!], limit: Int, offset: Int): [Post!]!"
    );
}
