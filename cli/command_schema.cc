#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "millrace/pipeline.h"

namespace millrace::cli {

void AddSchema(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of a config");
  auto model = std::make_shared<bool>(false);
  command->add_flag("--model-contract", *model, "Of a model's contract instead");
  SetExamples(*command,
              "millrace schema > pipeline.schema.json  # for an editor that completes YAML");
  command->callback([&session, model] {
    session.action = [model] {
      std::string schema = *model ? ModelContractSchema() : PipelineSchema();
      if (schema.empty() || schema.back() != '\n') schema += '\n';
      PrintOut(schema);
      return 0;
    };
  });
}

}  // namespace millrace::cli
