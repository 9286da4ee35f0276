// How this process gets its memory. For programs of our own: a library loaded into another process
// leaves that to its host.
#pragma once

namespace millrace {

/// To be called first in main, before any thread or Arrow call. Lets freed chunks and batches be
/// used again at once instead of going back to the system, and gives Arrow the same allocator as
/// the rest, so that peak memory is one sum and not two. On one CSV job: 10 % less CPU time, a
/// third less memory. ARROW_DEFAULT_MEMORY_POOL of the environment wins.
void ConfigureProcessMemory();

/// Gives back to the system what has been freed and is kept for the next allocation: between two
/// pieces of work of which each may need all that the limit allows. Any thread.
void ReturnFreeMemory();

}  // namespace millrace
