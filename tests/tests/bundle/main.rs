//! The bundle that `sam build` made, as clients, operators and developers meet it: in a stack of an
//! emulator that the template describes, and in containers.
//!
//! All of this is one program, because much of it waits: so others run meanwhile. They run in the
//! order of their names, and those of `protocol` one after another, because they share a stack. So
//! the tour of operators meets those, and the containers, which need most, come last.

mod clients;
mod operators;
mod protocol;
mod sam;

use tests::Host;

/// The host on which the CA runs, for the topics of `protocol`.
const HOST: Host = Host::Stack;
