//! gRPC, gRPC-Web and Connect: methods to calls, answers and faults to messages.

mod code;
