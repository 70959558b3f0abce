//! Whose turn it is: a caller who is known, or an address for those who are not.

use crate::call::Context;
use crate::identity::Caller;
use std::net::{IpAddr, Ipv6Addr};
use store::Lane;

/// Who is in a lane.
#[derive(Hash)]
enum Who<'a> {
    /// Whoever calls from an address.
    Address(IpAddr),
    /// Callers of an address who are not known.
    Nobody(IpAddr),
    /// A caller who is known, by id.
    Caller(&'a str),
}

/// The lane of a caller, wherever the call comes from; of one who is not known, that of its address.
pub(crate) fn of_caller(caller: &Caller, context: &Context) -> Lane {
    Lane::of(caller.id().map_or_else(|| Who::Nobody(block(context.peer)), Who::Caller))
}

/// The lane of an address, whoever calls from it.
pub(crate) fn of_address(address: IpAddr) -> Lane {
    Lane::of(Who::Address(block(address)))
}

/// What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber has.
pub(crate) fn block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_of_ipv6_is_one_address() {
        let of = |text: &str| of_address(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
