//! What wasmtime's `bindgen!` makes of wit/0.1: the traits that `imports` implements and the exports that `connection` calls.
#![allow(missing_docs, reason = "generated; the documentation is in wit/")]
#![allow(unused_qualifications, unused_variables, reason = "generated")]

pub use crate::bodies::{Body, Sink};
pub use crate::files::Draft;
pub use crate::imports::{Failure, Outgoing, Pending, TcpConnection};

wasmtime::component::bindgen!({
    path: "../../wit/0.1",
    world: "everything",
    imports: { default: async | trappable },
    exports: { default: async },
    trappable_error_type: {
        "camroll:connector/types.error" => Failure,
    },
    with: {
        "camroll:connector/bodies.body": Body,
        "camroll:connector/bodies.sink": Sink,
        "camroll:connector/http.pending": Pending,
        "camroll:connector/http.outgoing": Outgoing,
        "camroll:connector/tcp.connection": TcpConnection,
        "camroll:connector/files.draft": Draft,
    },
});
