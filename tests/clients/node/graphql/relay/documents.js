// What an application with Relay is made of. Only the compiler reads this file.
import { graphql } from 'relay-runtime';

// A component's data, asked for again by the user's id.
graphql`
  fragment documents_user on User @refetchable(queryName: "documentsUserQuery") {
    id
    name
    email
    posts(orderBy: [{ createdAt: DESC }], limit: 5) {
      ...documents_post
    }
  }
`;

graphql`
  fragment documents_post on Post @argumentDefinitions(comments: { type: "Int", defaultValue: 3 }) {
    id
    title
    createdAt
    author {
      name
    }
    comments(limit: $comments) {
      text
    }
  }
`;

// A list that is loaded page by page, on and back.
graphql`
  fragment documents_users on Query
  @refetchable(queryName: "documentsUsersPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 3 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    where: { type: "UserFilter" }
  ) {
    usersConnection(
      first: $first
      after: $after
      last: $last
      before: $before
      where: $where
      orderBy: [{ name: ASC }]
    ) @connection(key: "documents_usersConnection", filters: ["where"]) {
      totalCount
      edges {
        node {
          id
          ...documents_user
        }
      }
    }
  }
`;

graphql`
  query documentsUsersQuery($first: Int, $where: UserFilter) {
    ...documents_users @arguments(first: $first, where: $where)
  }
`;

graphql`
  query documentsNodeQuery($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Post @alias {
        ...documents_post @arguments(comments: 1)
      }
    }
  }
`;

graphql`
  mutation documentsCreatePostMutation($title: String!, $content: String!, $connections: [ID!]!) {
    createPost(title: $title, content: $content)
      @prependNode(connections: $connections, edgeTypeName: "PostEdge") {
      id
      ...documents_post
    }
  }
`;

graphql`
  mutation documentsDeletePostMutation($id: ID!) {
    deletePost(id: $id) {
      id @deleteRecord
    }
  }
`;
