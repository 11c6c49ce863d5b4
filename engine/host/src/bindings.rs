//! What wasmtime's `bindgen!` makes of wit/0.1: the traits that `imports` implements and the exports that `connection` calls.
#![allow(missing_docs, reason = "generated; the documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../../wit/0.1",
    world: "everything",
    imports: { default: async | trappable },
    exports: { default: async },
    with: {
        "camroll:connector/bodies.body": crate::bodies::Body,
        "camroll:connector/bodies.sink": crate::imports::Sink,
        "camroll:connector/http.pending": crate::imports::Pending,
        "camroll:connector/http.outgoing": crate::imports::Outgoing,
        "camroll:connector/tcp.connection": crate::imports::TcpConnection,
        "camroll:connector/files.draft": crate::files::Draft,
    },
});
