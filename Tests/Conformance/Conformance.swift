/// A test body that holds on every API server that Descry supports.
public enum Conformance {}
