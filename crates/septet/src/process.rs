//! What belongs to the process: its threads and its end.

use std::future::Future;
use std::io;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The runtime that everything runs on: one worker per processor. `on_thread_park` is called whenever a worker is about
/// to sleep, which is when whatever it holds for the next request should be let go.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime(on_thread_park: impl Fn() + Send + Sync + 'static) -> io::Result<Runtime> {
    Builder::new_multi_thread().thread_name("septet").on_thread_park(on_thread_park).enable_all().build()
}

/// A future that is ready when the process is asked to stop (SIGTERM or SIGINT). Asked again, it ends at once: who
/// presses Ctrl-C twice does not want to wait for a drain. Must be called within a runtime.
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
