//! Looking after the disk while the server runs: what fails is told once, and so is that it works again.

use std::time::Duration;
use store::{StorageFault, Store};

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks until the process ends. Where writing has failed it is tried again, since with a failing disk there may be
/// nobody left who writes.
pub async fn look_after(store: Store, changed: impl Fn(Option<StorageFault>)) {
    let mut known = None;
    let mut turns = tokio::time::interval(LOOK_EVERY);
    loop {
        turns.tick().await;
        let now = store.storage_fault();
        if now != known {
            tell(now);
            changed(now);
            known = now;
        }
        if now.is_some() {
            let probed = store.clone();
            let _ = tokio::task::spawn_blocking(move || probed.probe_storage()).await;
        }
    }
}

fn tell(fault: Option<StorageFault>) {
    match fault {
        Some(fault) => tracing::error!("storage: {fault}; writes fail until this is mended"),
        None => tracing::info!("storage: works again"),
    }
}
