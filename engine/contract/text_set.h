// A small fixed set of texts that is asked for every value of a column. Immutable, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::contract {

class TextSet {
 public:
  explicit TextSet(const std::vector<std::string>& texts);
  bool Contains(std::string_view text) const;

 private:
  std::vector<std::string> slots_;  // open addressing; a power of two
  std::vector<bool> used_;
};

}  // namespace millrace::contract
