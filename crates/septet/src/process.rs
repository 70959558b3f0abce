//! What belongs to the process: its threads and its end.

use std::future::Future;
use std::io;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The runtime that everything runs on: one worker per processor. `on_thread_park` is called whenever a
/// worker is about to sleep, which is when whatever it holds for the next request should be let go.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime(on_thread_park: impl Fn() + Send + Sync + 'static) -> io::Result<Runtime> {
    Builder::new_multi_thread().thread_name("septet").on_thread_park(on_thread_park).enable_all().build()
}

/// A future that is ready when the process is asked to stop (SIGTERM or SIGINT). Asked again, it ends at
/// once: who presses Ctrl-C twice does not want to wait for a drain. Must be called within a runtime.
///
/// # Errors
/// When the system takes no signal handlers.
pub fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    let mut signals =
        Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
    Ok(async move {
        signals.next().await;
        tokio::spawn(async move {
            signals.next().await;
            std::process::exit(EXIT_INTERRUPTED);
        });
    })
}

/// The signals that ask for an end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What a shell reports of a process that was interrupted: 128 + SIGINT.
const EXIT_INTERRUPTED: i32 = 130;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    /// One signal only: a second would end the process that runs the tests.
    #[test]
    fn a_signal_is_heard_and_sleeping_workers_are_told_of() {
        let parked = Arc::new(AtomicUsize::new(0));
        let counted = parked.clone();
        let runtime = runtime(move || {
            counted.fetch_add(1, Relaxed);
        });
        runtime.unwrap().block_on(async {
            let asked = asked_to_stop().unwrap();
            let ourselves = std::process::id().to_string();
            let sent = std::process::Command::new("kill").args(["-TERM", &ourselves]).status().unwrap();
            assert!(sent.success());
            asked.await;
        });
        assert!(parked.load(Relaxed) > 0);
    }
}
