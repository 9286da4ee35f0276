// The requested paths as a tree that is walked beside a record, so that one pass over its members
// serves all requests. The tree also learns the members that records have and in which order they
// come: the next member is then found by one comparison. What it learns never changes a result,
// only how fast the result is found.
//
// Thread-safety: none; every walker has its own.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "io/record_reader.h"

namespace millrace::io {

struct RequestNode;

struct RequestMember {
  std::string name;  // followed by 8 readable bytes
  uint32_t name_bytes = 0;
  bool has_escape = false;            // a quote or backslash: written with an escape in JSON
  bool known = false;                 // named by a request or in Projection::known
  int32_t next = -1;                  // the member that came after this one the last time
  uint64_t seen_in = 0;               // number of the last object that had it: finds duplicates
  std::unique_ptr<RequestNode> node;  // null until a value needs one

  /// Whether `text`, with 8 readable bytes behind name_bytes of them, begins with the name.
  bool IsNamed(const uint8_t* text) const {
    const char* own = name.data();
    uint32_t bytes = name_bytes;
    for (; bytes > 8; own += 8, text += 8, bytes -= 8) {
      if (std::memcmp(own, text, 8) != 0) return false;
    }
    if (bytes == 0) return true;
    uint64_t a, b;
    std::memcpy(&a, own, 8);
    std::memcpy(&b, text, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return ((a ^ b) << (64 - 8 * bytes)) == 0;
#else
    return std::memcmp(own, text, bytes) == 0;
#endif
  }
};

/// A request below a node, for saying that the value there is of the wrong kind.
struct RequestBelow {
  int column = 0;
  bool through_index = false;  // the next step is an element, so an array is expected
};

struct RequestNode {
  std::vector<int> columns;                        // requests that end here
  std::vector<RequestBelow> below;                 // requests that go through here
  bool wants_object = false, wants_array = false;  // one of them does
  std::vector<RequestMember> members;
  int32_t first = -1;  // the member that came first the last time
  std::vector<std::pair<int64_t, std::unique_ptr<RequestNode>>> indexed;  // requested elements
  std::unique_ptr<RequestNode> element;  // all other elements of an array

  /// The member's place in `members`, or -1. `guess` is tried first.
  int32_t Find(const uint8_t* name, uint32_t name_bytes, int32_t guess) const;
  RequestNode* IndexedAt(int64_t index) const;
  void Insert(std::string_view name, bool known);

 private:
  void Rehash();
  std::vector<int32_t> slots_;  // open addressing over `members`; a power of two
};

class RequestTree {
 public:
  /// BadValue for a path that does not parse.
  static Result<std::unique_ptr<RequestTree>> Make(const Projection& projection);

  RequestNode& root() { return root_; }
  /// A place for a member nobody asked for, or -1 when enough has been learned.
  int32_t Learn(RequestNode* node, std::string_view name);
  /// The node of a value nobody asked for, or null when enough has been learned.
  RequestNode* Grow(std::unique_ptr<RequestNode>* node);

 private:
  RequestNode root_;
  int learned_ = 0;
};

}  // namespace millrace::io
