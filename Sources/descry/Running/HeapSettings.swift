#if canImport(Glibc)
    import Glibc
#endif

/// How the C library keeps memory of a process that runs for long.
enum HeapSettings {
    /// Has it give back what a pass has freed. By default glibc makes up to eight heaps for each processor, and keeps blocks of up to 32 MiB
    /// for later once one of that size was freed: the most that all passes ever took at once, several times over.
    ///
    /// Source of the numbers: `<malloc.h>`, mallopt(3). What the environment's own `MALLOC_…` variables say is overridden. Where there
    /// is no such function, as in musl, nothing is changed.
    static func apply() {
        #if canImport(Glibc)
            guard let symbol = dlsym(nil, "mallopt") else { return }
            let mallopt = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)
            _ = mallopt(-8, 2)  // M_ARENA_MAX
            _ = mallopt(-3, 64 << 10)  // M_MMAP_THRESHOLD
            _ = mallopt(-1, 64 << 10)  // M_TRIM_THRESHOLD
        #endif
    }
}
