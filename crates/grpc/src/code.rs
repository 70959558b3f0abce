//! Status codes (<https://github.com/grpc/grpc/blob/master/doc/statuscodes.md>), and what kinds of faults they say.

use engine::{Kind, codes};
use http::StatusCode;

/// A status code. The number is gRPC's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Done.
    Ok = 0,
    /// The caller went away.
    Cancelled = 1,
    /// The input makes no sense.
    InvalidArgument = 3,
    /// The deadline passed.
    DeadlineExceeded = 4,
    /// Something named is not there.
    NotFound = 5,
    /// A unique value is taken.
    AlreadyExists = 6,
    /// It is known who calls, and it may not.
    PermissionDenied = 7,
    /// A budget is used up, or something is too large.
    ResourceExhausted = 8,
    /// The state of things does not allow it.
    FailedPrecondition = 9,
    /// It is not something this server does.
    Unimplemented = 12,
    /// A defect, or a peer that breaks the protocol.
    Internal = 13,
    /// Not now; later it may be done.
    Unavailable = 14,
    /// It is not known who calls, and it has to be.
    Unauthenticated = 16,
}

impl Code {
    /// The code of a fault's kind and code.
    pub fn of(kind: Kind, code: &str) -> Self {
        match kind {
            Kind::Unauthenticated => Self::Unauthenticated,
            Kind::Denied => Self::PermissionDenied,
            Kind::Invalid | Kind::Mismatch => Self::InvalidArgument,
            Kind::NotFound => Self::NotFound,
            Kind::Conflict if code == codes::ALREADY_EXISTS => Self::AlreadyExists,
            Kind::Conflict | Kind::Precondition => Self::FailedPrecondition,
            Kind::TooLarge | Kind::Throttled => Self::ResourceExhausted,
            Kind::Timeout => Self::DeadlineExceeded,
            Kind::Cancelled => Self::Cancelled,
            Kind::Unsupported => Self::Unimplemented,
            Kind::Unavailable => Self::Unavailable,
            Kind::Internal => Self::Internal,
        }
    }

    /// Its number in `grpc-status`.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// Its name in Connect's errors (<https://connectrpc.com/docs/protocol/#error-codes>).
    pub fn connect_name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Cancelled => "canceled",
            Self::InvalidArgument => "invalid_argument",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::PermissionDenied => "permission_denied",
            Self::ResourceExhausted => "resource_exhausted",
            Self::FailedPrecondition => "failed_precondition",
            Self::Unimplemented => "unimplemented",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::Unauthenticated => "unauthenticated",
        }
    }

    /// The HTTP status of a unary Connect response (the same page).
    pub fn connect_status(self) -> StatusCode {
        match self {
            Self::Ok => StatusCode::OK,
            Self::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            Self::InvalidArgument | Self::FailedPrecondition => StatusCode::BAD_REQUEST,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists => StatusCode::CONFLICT,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
        }
    }
}
