//! The one place where a wasmtime engine is made, so that whatever is compiled fits whatever runs, and the thread that counts its time.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use wasmtime::{Config, Engine, WasmFeatures};

use crate::error::HostError;

/// What one tick of guest time is.
pub(crate) const TICK: Duration = Duration::from_millis(10);
/// Stack that a connector's own code may use.
const GUEST_STACK: usize = 512 << 10;
/// Stack of a fiber: the guest's and that of the host's functions below it.
const FIBER_STACK: usize = 2 << 20;

/// Makes the engine. Only what today's toolchains emit is on: each further proposal is more code that a hostile component can reach.
pub(crate) fn engine() -> Result<Engine, HostError> {
    let mut config = Config::new();
    config.wasm_features(WasmFeatures::all(), false);
    config.wasm_features(
        WasmFeatures::MUTABLE_GLOBAL
            | WasmFeatures::SATURATING_FLOAT_TO_INT
            | WasmFeatures::SIGN_EXTENSION
            | WasmFeatures::REFERENCE_TYPES
            | WasmFeatures::MULTI_VALUE
            | WasmFeatures::BULK_MEMORY
            | WasmFeatures::SIMD
            | WasmFeatures::FLOATS
            | WasmFeatures::EXTENDED_CONST
            | WasmFeatures::COMPONENT_MODEL,
        true,
    );
    config
        .epoch_interruption(true)
        .max_wasm_stack(GUEST_STACK)
        .async_stack_size(FIBER_STACK)
        // A trap is told by its cause; where in the guest it was would be tables as large as a third of its code.
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(None)
        // The same floats on every machine, so that a run can be replayed.
        .cranelift_nan_canonicalization(true);
    Engine::new(&config).map_err(|error| HostError::Engine(format!("{error:#}")))
}

/// Counts ticks while calls are under way, and sleeps otherwise.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    calls: usize,
    closed: bool,
}

impl Ticker {
    /// Starts the thread. It doesn't run on the async executor: a guest that blocks that must not stop its own clock.
    pub(crate) fn start(engine: &Engine) -> Result<Self, HostError> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                calls: 0,
                closed: false,
            }),
            wake: Condvar::new(),
        });
        let (engine, its) = (engine.clone(), Arc::clone(&shared));
        std::thread::Builder::new()
            .name("guest-clock".to_owned())
            .spawn(move || {
                loop {
                    {
                        let mut state = its.state.lock();
                        while state.calls == 0 && !state.closed {
                            its.wake.wait(&mut state);
                        }
                        if state.closed {
                            return;
                        }
                    }
                    std::thread::sleep(TICK);
                    engine.increment_epoch();
                }
            })
            .map_err(HostError::Ticker)?;
        Ok(Self { shared })
    }

    /// Keeps the clock going until the guard is dropped.
    pub(crate) fn running(self: &Arc<Self>) -> Running {
        let mut state = self.shared.state.lock();
        state.calls += 1;
        if state.calls == 1 {
            self.shared.wake.notify_one();
        }
        drop(state);
        Running(Arc::clone(self))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.state.lock().closed = true;
        self.shared.wake.notify_one();
    }
}

/// A call is under way.
pub(crate) struct Running(Arc<Ticker>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.shared.state.lock().calls -= 1;
    }
}
