//! The bundle that `sam build` made, as clients, developers and operators meet it: in a stack of an
//! emulator that the template describes, and in containers.
//!
//! All of this is one program, because much of it waits: so others run meanwhile. They run in the
//! order of their names, and those of `protocol` one after another, because they share a stack.

mod clients;
mod developers;
mod operators;
mod protocol;

use tests::Host;

/// The host on which the CA runs, for the topics of `protocol`.
const HOST: Host = Host::Stack;
