// The operators that stages can be made of, as `millrace operators` lists them (docs/operators/).
//
// Thread-safety: any thread.
#pragma once

#include <string>
#include <vector>

namespace millrace {

struct OperatorDescription {
  struct Parameter {
    std::string name;
    std::string value;  // what it takes: "an integer, at least 1"
    bool required = false;
    std::string fallback;  // the default as written in a config; "" for none
    std::string doc;
  };
  std::string name, kind;  // of kinds: score, evaluator, filter, refiner, generator, or any
  int version = 1;
  bool reproducible = true;
  bool global = false;  // it must know of all rows that reach it
  bool draws = false;   // the rows it leaves out are not drawn, rather than rejected
  std::string doc;
  std::string columns;  // what it adds or changes; "" for nothing
  std::string method;   // of a published method: where it comes from
  std::string example;  // an entry of `operators:`, as YAML in one line; may be ""
  std::vector<Parameter> parameters;
  std::string ToJson() const;
};

/// All of them, by name.
const std::vector<OperatorDescription>& OperatorDescriptions();

}  // namespace millrace
