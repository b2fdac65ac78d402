use std::collections::BTreeSet;

use madang_pipeline::role::Role;

use crate::arguments::RoleName;

/// The parts that run in this process, and whether it serves HTTP: those that are named, else all of them.
pub(crate) fn roles(named: &[RoleName], once: bool, listen: bool) -> (BTreeSet<Role>, bool) {
    if named.is_empty() {
        // A run that ends by itself has nobody to serve, unless an address was asked for.
        return (Role::ALL.into(), !once || listen);
    }
    let mut roles = BTreeSet::new();
    let mut http = false;
    for role in named {
        match role {
            RoleName::Source => _ = roles.insert(Role::Source),
            RoleName::Worker => _ = roles.insert(Role::Worker),
            RoleName::Indexer => _ = roles.insert(Role::Indexer),
            RoleName::Cataloguer => _ = roles.insert(Role::Cataloguer),
            RoleName::Relay => _ = roles.insert(Role::Relay),
            RoleName::Eraser => _ = roles.insert(Role::Eraser),
            RoleName::Http => http = true,
        }
    }
    (roles, http)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_names_all_run_and_a_run_that_ends_serves_nobody_unless_asked_to() {
        let all = BTreeSet::from(Role::ALL);
        for (once, listen, http) in
            [(false, false, true), (false, true, true), (true, false, false), (true, true, true)]
        {
            assert_eq!(roles(&[], once, listen), (all.clone(), http), "{once} {listen}");
        }
    }

    #[test]
    fn the_named_ones_run_and_no_others() {
        // An address alone makes nobody serve who was not told to.
        let (run, http) = roles(&[RoleName::Worker, RoleName::Source], false, true);
        assert_eq!((run, http), (BTreeSet::from([Role::Source, Role::Worker]), false));
        let (run, http) = roles(&[RoleName::Http, RoleName::Http], true, false);
        assert_eq!((run, http), (BTreeSet::new(), true));
        let every = [
            RoleName::Source,
            RoleName::Worker,
            RoleName::Indexer,
            RoleName::Cataloguer,
            RoleName::Relay,
            RoleName::Eraser,
        ];
        assert_eq!(roles(&every, false, false), (BTreeSet::from(Role::ALL), false));
    }
}
