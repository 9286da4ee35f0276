// shuffle: all rows of the stage in a random order.
#include "op/operator_list.h"

namespace millrace::op {
namespace {

std::shared_ptr<const Operator> Make(const Request& request) {
  if (!request.ready()) return nullptr;
  const ConfigValue* seed = request.parameters().Find("seed");
  return std::make_shared<Orderer>(seed == nullptr ? request.seed()
                                                   : static_cast<uint64_t>(seed->integer));
}

}  // namespace

OperatorType Shuffle() {
  OperatorType type;
  type.name = "shuffle";
  type.kind = Kind::kRefiner;
  type.global = true;
  type.doc =
      "Puts all rows of the stage into a random order: that of a hash (XXH3) of their row ids "
      "under the seed. The last operator of its stage.";
  type.parameters = {{.key = "seed",
                      .type = FieldType::kInteger,
                      .doc = "Another order for another seed; if absent the pipeline's.",
                      .min = 0}};
  type.example = "{id: mixed, type: shuffle}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
