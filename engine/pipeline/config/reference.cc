// The reference of docs/config.md out of the tables of fields.
#include <set>

#include "base/config_phrases.h"
#include "op/operator_table.h"
#include "pipeline/config/fields.h"
#include "pipeline/config/loader.h"
#include "pipeline/config/model_contract.h"

namespace millrace::pipeline {
namespace {

void Append(const ObjectSpec& spec, std::set<const ObjectSpec*>* done, std::string* out) {
  if (!done->insert(&spec).second) return;
  if (&spec == &op::OperatorSpec()) {  // each type has a page of its own
    *out += "### " + spec.name + "\n\n" + spec.doc + " [operators/](operators/README.md)\n\n";
    return;
  }
  if (spec.variants.empty()) {
    *out += "### " + spec.name + "\n\n" + spec.doc + "\n\n" +
            FieldsMarkdown(spec.fields, spec.type_value) + '\n';
  }
  for (const ObjectSpec* variant : spec.variants) Append(*variant, done, out);
  for (const Field& field : spec.fields) {
    if (field.object != nullptr) Append(*field.object, done, out);
  }
}

}  // namespace

std::string ConfigReferenceMarkdown() {
  std::set<const ObjectSpec*> done;
  std::string out;
  Append(PipelineSpec(), &done, &out);
  return out;
}

std::string ModelContractReferenceMarkdown() {
  std::set<const ObjectSpec*> done;
  std::string out;
  Append(ModelContractSpec(), &done, &out);
  return out;
}

}  // namespace millrace::pipeline
