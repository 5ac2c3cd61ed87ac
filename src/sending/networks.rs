//! Which networks a package may go to: the public internet, and what the operator allows; never the company's inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

use super::AddressError;

/// Networks that are not the public internet (IANA IPv4 and IPv6 Special-Purpose Address Registries, RFC 6890). Some
/// give whoever can reach them power over a machine: 169.254.169.254 hands out a cloud's keys.
const SPECIAL: [(Ipv4Addr, u8, &str); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network itself"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private network"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a carrier's own network"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "this machine"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "the local link"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private network"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "a reserved network"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "a network for documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a tunnel"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private network"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "a network for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "a network for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "a network for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "many machines at once"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved network"),
];

/// The same inside 2000::/3, outside of which nothing is the public internet (RFC 4291 section 2.4).
const SPECIAL_6: [(Ipv6Addr, u8, &str); 4] = [
    // Teredo, ORCHID, benchmarks: a tunnel leads wherever its embedded address says.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "a reserved network"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "a network for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a tunnel"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "a network for documentation"),
];

/// What may be written to.
pub(super) struct Networks {
    allow: Vec<IpNet>,
}

impl Networks {
    pub(super) fn new(allow: Vec<IpNet>) -> Self {
        Self { allow }
    }

    /// Whether the operator allows nothing beside the public internet.
    pub(super) fn only_public(&self) -> bool {
        self.allow.is_empty()
    }

    /// Lets a public address at the port of HTTPS pass, and any port of what the operator allows.
    pub(super) fn admit(&self, address: SocketAddr) -> Result<(), AddressError> {
        let ip = address.ip().to_canonical();
        if self.allow.iter().any(|net| net.contains(&ip)) {
            return Ok(());
        }
        match special(ip) {
            Some(what) => Err(AddressError::Inside(what)),
            None if address.port() != 443 => Err(AddressError::Port),
            None => Ok(()),
        }
    }
}

/// What an address is, where it is not of the public internet.
fn special(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => {
            let bits = |net: Ipv4Addr, prefix: u8| (net.to_bits() ^ ip.to_bits()) >> (32 - prefix) == 0;
            SPECIAL.iter().find(|(net, prefix, _)| bits(*net, *prefix)).map(|(_, _, what)| *what)
        }
        IpAddr::V6(ip) => special_6(ip),
    }
}

fn special_6(ip: Ipv6Addr) -> Option<&'static str> {
    if let Some(embedded) = ip.to_ipv4_mapped().or_else(|| translated(ip)) {
        return special(IpAddr::V4(embedded));
    }
    match ip.segments()[0] {
        // IPv4-compatible addresses lie here too.
        0 if ip == Ipv6Addr::LOCALHOST => Some("this machine"),
        0xfc00..=0xfdff => Some("a private network"),
        0xfe80..=0xfebf => Some("the local link"),
        0xff00..=0xffff => Some("many machines at once"),
        0x2000..=0x3fff => {
            let bits = |net: Ipv6Addr, prefix: u8| (net.to_bits() ^ ip.to_bits()) >> (128 - prefix) == 0;
            SPECIAL_6.iter().find(|(net, prefix, _)| bits(*net, *prefix)).map(|(_, _, what)| *what)
        }
        _ => Some("a reserved network"),
    }
}

/// The IPv4 address behind 64:ff9b::/96 (RFC 6052): so a host without IPv4 of its own reaches one that has no IPv6.
fn translated(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let prefix = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0).to_bits();
    (ip.to_bits() >> 32 == prefix >> 32).then(|| Ipv4Addr::from_bits(ip.to_bits() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::loopback("127.0.0.1", "127.255.255.254")]
    #[case::unspecified("0.0.0.0", "0.255.255.255")]
    #[case::ten("10.0.0.0", "10.255.255.255")]
    #[case::carrier("100.64.0.0", "100.127.255.255")]
    #[case::link_local("169.254.0.0", "169.254.169.254")]
    #[case::one_seventy_two("172.16.0.0", "172.31.255.255")]
    #[case::protocols("192.0.0.0", "192.0.0.255")]
    #[case::documentation_1("192.0.2.0", "192.0.2.255")]
    #[case::relays("192.88.99.0", "192.88.99.255")]
    #[case::one_ninety_two("192.168.0.0", "192.168.255.255")]
    #[case::benchmarks("198.18.0.0", "198.19.255.255")]
    #[case::documentation_2("198.51.100.0", "198.51.100.255")]
    #[case::documentation_3("203.0.113.0", "203.0.113.255")]
    #[case::multicast("224.0.0.0", "239.255.255.255")]
    #[case::reserved_and_broadcast("240.0.0.0", "255.255.255.255")]
    #[case::v6_unspecified_and_loopback("::", "::1")]
    #[case::v4_compatible("::10.0.0.1", "::8.8.8.8")]
    #[case::v4_mapped("::ffff:127.0.0.1", "::ffff:169.254.169.254")]
    #[case::translated("64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254")]
    #[case::translated_locally("64:ff9b:1::", "64:ff9b:1::8.8.8.8")]
    #[case::discard("100::", "100::ffff")]
    #[case::teredo("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff")]
    #[case::v6_benchmarks("2001:2::", "2001:2:0:ffff::")]
    #[case::orchid("2001:10::", "2001:2f:ffff::")]
    #[case::v6_documentation("2001:db8::", "2001:db8:ffff::1")]
    #[case::six_to_four("2002::", "2002:7f00:1::")]
    #[case::v6_documentation_2("3fff::", "3fff:fff:ffff::")]
    #[case::segment_routing("5f00::", "5f00:ffff::")]
    #[case::unique_local("fc00::", "fdff:ffff::1")]
    #[case::v6_link_local("fe80::1", "febf::1")]
    #[case::site_local("fec0::", "feff::1")]
    #[case::v6_multicast("ff00::", "ff0e::1")]
    fn the_inside_is_refused_from_first_to_last(#[case] first: &str, #[case] last: &str) {
        for ip in [first, last] {
            let address = SocketAddr::new(ip.parse().unwrap(), 443);
            let refused = Networks::new(Vec::new()).admit(address);
            assert!(matches!(refused, Err(AddressError::Inside(_))), "{ip}: {refused:?}");
        }
    }

    #[rstest::rstest]
    fn the_public_internet_is_not(
        #[values(
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "64:ff9b::8.8.8.8",
            "::ffff:8.8.8.8"
        )]
        ip: &str,
    ) {
        let ip: IpAddr = ip.parse().unwrap();
        let networks = Networks::new(Vec::new());
        assert_eq!(networks.admit(SocketAddr::new(ip, 443)), Ok(()));
        assert_eq!(networks.admit(SocketAddr::new(ip, 25)), Err(AddressError::Port));
    }

    #[test]
    fn what_the_operator_allows_is_let_pass_at_any_port_and_nothing_beside_it() {
        let networks = Networks::new(vec!["127.0.0.1/32".parse().unwrap()]);
        let admit = |text: &str| networks.admit(text.parse().unwrap());
        assert_eq!(admit("127.0.0.1:8443"), Ok(()));
        assert_eq!(admit("[::ffff:127.0.0.1]:8443"), Ok(()));
        assert_eq!(admit("127.0.0.2:8443"), Err(AddressError::Inside("this machine")));
        assert_eq!(admit("1.1.1.1:8443"), Err(AddressError::Port));
    }

    proptest::proptest! {
        #[test]
        fn a_mapped_address_is_what_it_maps(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let [plain, mapped] = [IpAddr::V4(v4), IpAddr::V6(v4.to_ipv6_mapped())].map(|ip| {
                Networks::new(Vec::new()).admit(SocketAddr::new(ip, 443))
            });
            proptest::prop_assert_eq!(plain, mapped);
        }
    }
}
