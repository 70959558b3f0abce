//! A verified identity, or explicitly anonymous.

use contract::rule::{Facts, Value};
use std::time::Duration;

/// Who calls. Only the token verifier of this module makes one that is somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    id: Option<String>,
    roles: Vec<String>,
    scopes: Vec<String>,
    claims: Value,
    valid: Validity,
}

/// When a verified token may be used, in time since 1970, leeway included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Validity {
    pub from: Duration,
    pub until: Duration,
}

impl Caller {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self {
            id: None,
            roles: Vec::new(),
            scopes: Vec::new(),
            claims: Value::Map(Vec::new()),
            valid: Validity { from: Duration::ZERO, until: Duration::MAX },
        }
    }

    pub(super) fn verified(
        id: String,
        roles: Vec<String>,
        scopes: Vec<String>,
        claims: Value,
        valid: Validity,
    ) -> Self {
        Self { id: Some(id), roles, scopes, claims, valid }
    }

    pub(super) fn valid(&self) -> Validity {
        self.valid
    }

    /// How long the token is still valid; none for callers who have none.
    pub(crate) fn valid_for(&self, now: Duration) -> Option<Duration> {
        self.id.as_ref().map(|_| self.valid.until.saturating_sub(now))
    }

    /// The token's subject; `None` when anonymous.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether nobody in particular calls.
    pub fn is_anonymous(&self) -> bool {
        self.id.is_none()
    }

    /// Whether the token gives the caller one of these roles.
    pub fn has_one_of(&self, roles: &[String]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }

    /// What a token gives its bearer, as text that is the same for two tokens that give the same: roles, scopes, and all
    /// claims but those that are another's in each token (RFC 7519 section 4.1).
    pub(crate) fn rights(&self) -> String {
        const OF_ONE_TOKEN: [&str; 4] = ["exp", "nbf", "iat", "jti"];
        let mut claims: Vec<&(String, Value)> = match &self.claims {
            Value::Map(members) => members.iter().collect(),
            _ => Vec::new(),
        };
        claims.retain(|(name, _)| !OF_ONE_TOKEN.contains(&name.as_str()));
        claims.sort_by(|(a, _), (b, _)| a.cmp(b));
        format!("{:?} {:?} {claims:?}", self.roles, self.scopes)
    }

    /// What rules may know of a call by this caller at this time.
    pub fn facts<'a>(&'a self, now: &'a str, arguments: &'a [Value]) -> Facts<'a> {
        Facts {
            caller_id: self.id.as_deref(),
            roles: &self.roles,
            scopes: &self.scopes,
            claims: &self.claims,
            now,
            arguments,
            message: None,
        }
    }
}
