#include "io/xml/xml_format.h"

#include <expat.h>

#include <map>
#include <type_traits>
#include <utility>

#include "io/encoding/encoding.h"
#include "io/text/marked_records.h"

namespace millrace::io {
namespace {

constexpr size_t kDepthMax = 512;

using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)>;

/// One record on its own: a value for each attribute, and for each element that holds text.
class RecordParse {
 public:
  static KeyedRecord Run(std::string_view text, const std::string& encoding) {
    RecordParse parse;
    const Parser parser(XML_ParserCreate(encoding.c_str()), &XML_ParserFree);
    XML_SetUserData(parser.get(), &parse);
    XML_SetElementHandler(parser.get(), &Start, &End);
    XML_SetCharacterDataHandler(parser.get(), [](void* self, const XML_Char* chars, int bytes) {
      static_cast<RecordParse*>(self)->open_.back().text.append(chars, static_cast<size_t>(bytes));
    });
    MILLRACE_CHECK(XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), 1) ==
                   XML_STATUS_OK);  // the scan of the document has been over it
    return std::move(parse.record_);
  }

 private:
  struct Element {
    std::string path, text;
    std::map<std::string, int> children;
  };

  static void Start(void* self, const XML_Char* name, const XML_Char** attributes) {
    auto& [record, open] = *static_cast<RecordParse*>(self);
    std::string path;
    if (!open.empty()) {
      path = open.back().path + (open.back().path.empty() ? "" : "/") + name;
      const int nth = ++open.back().children[name];
      if (nth > 1) path += "[" + std::to_string(nth) + "]";
    }
    for (; *attributes != nullptr; attributes += 2) {
      record.values.emplace_back((path.empty() ? "@" : path + "/@") + attributes[0], attributes[1]);
    }
    open.push_back({std::move(path), "", {}});
  }

  static void End(void* self, const XML_Char* /*name*/) {
    auto& [record, open] = *static_cast<RecordParse*>(self);
    auto& [path, text, children] = open.back();
    const bool leaf = children.empty() && !path.empty();  // elsewhere white space is layout
    const bool blank = text.find_first_not_of(leaf ? "" : " \t\r\n") == std::string::npos;
    if (!blank) record.values.emplace_back(path.empty() ? "#text" : path, text);
    open.pop_back();
  }

  KeyedRecord record_;
  std::vector<Element> open_;
};

class XmlSource : public MarkedRecords {
 public:
  XmlSource(std::unique_ptr<ByteStream> stream, const XmlOptions& options)
      : MarkedRecords(std::move(stream), {options.chunk_bytes, options.record_bytes_max}),
        record_(options.record),
        parser_(XML_ParserCreate(nullptr), &XML_ParserFree) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), &Start, &End);
    XML_SetXmlDeclHandler(parser_.get(), &Declaration);
    XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* self, auto*, auto*, auto*, int) {
      static_cast<XmlSource*>(self)->Refuse("it has a document type declaration");
    });
    XML_SetDefaultHandler(parser_.get(), [](void* self, const XML_Char*, int) {
      static_cast<XmlSource*>(self)->Pass(static_cast<XmlSource*>(self)->TagEnd());
    });
  }

  KeyedRecord Read(std::string_view record) const override {
    return RecordParse::Run(record, encoding_);
  }
  ReadAs read_as() const override {
    ReadAs read_as;
    read_as.encoding = EncodingName(encoding_ == "UTF-8" ? Encoding::kUtf8 : Encoding::kLatin1);
    return read_as;
  }

 private:
  Status Scan(std::string_view block, bool last) override {
    const bool wide = block.substr(0, 2).find_first_of({"\xFE\xFF\0", 3}) != block.npos;
    if (std::exchange(first_, false) && wide) {
      return MakeError(ErrorCode::kUnknownDialect, "the XML is UTF-16", "convert it to UTF-8");
    }
    const int code = XML_Parse(parser_.get(), block.data(), static_cast<int>(block.size()), last);
    if (code == XML_STATUS_OK) return Status::OK();
    if (refused_.empty()) refused_ = XML_ErrorString(XML_GetErrorCode(parser_.get()));
    const auto line = std::to_string(XML_GetCurrentLineNumber(parser_.get()));
    return MakeError(ErrorCode::kCorruptFile, "the XML cannot be read from byte " +
                                                  std::to_string(TagBegin()) + ", line " + line +
                                                  ", on: " + refused_);
  }

  int64_t TagBegin() const { return XML_GetCurrentByteIndex(parser_.get()); }
  int64_t TagEnd() const { return TagBegin() + XML_GetCurrentByteCount(parser_.get()); }

  static void Start(void* self, const XML_Char* name, const XML_Char** /*attributes*/) {
    auto& me = *static_cast<XmlSource*>(self);
    const bool record = me.record_.empty() ? me.depth_ == 1 : me.record_ == name;
    if (record && !me.in_record()) {
      me.record_depth_ = me.depth_;
      me.BeginRecord(me.TagBegin());
    }
    me.Pass(me.TagEnd());
    if (++me.depth_ > kDepthMax) me.Refuse("elements are nested more than 512 deep");
  }

  static void End(void* self, const XML_Char* /*name*/) {
    auto& me = *static_cast<XmlSource*>(self);
    me.Pass(me.TagEnd());
    if (--me.depth_ == me.record_depth_ && me.in_record()) me.EndRecord(me.TagEnd());
  }

  static void Declaration(void* self, const XML_Char*, const XML_Char* encoding, int) {
    auto& me = *static_cast<XmlSource*>(self);
    me.encoding_ = encoding == nullptr ? "UTF-8" : encoding;
    for (char& c : me.encoding_) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    if (me.encoding_ == "UTF-8" || me.encoding_ == "ISO-8859-1") return;
    me.Refuse("the encoding " + me.encoding_ + " is not read; convert it to UTF-8");
  }

  void Refuse(const std::string& why) {
    refused_ = why;
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  const std::string record_;
  const Parser parser_;
  std::string encoding_ = "UTF-8", refused_;
  size_t depth_ = 0, record_depth_ = 0;
  bool first_ = true;
};

class XmlFormat : public TextFormat {
 public:
  explicit XmlFormat(const XmlOptions& options) : options_(options) {}
  std::string_view name() const override { return "xml"; }
  std::vector<std::string> extensions() const override { return {".xml"}; }
  bool columns_vary() const override { return true; }
  Result<std::unique_ptr<RecordReader>> Open(std::unique_ptr<ByteStream> stream,
                                             const Projection& projection) const override {
    return ReadKeyedRecords(std::make_unique<XmlSource>(std::move(stream), options_),
                            {"xml", options_.record_bytes_max}, projection);
  }

 private:
  const XmlOptions options_;
};

}  // namespace

std::shared_ptr<const TextFormat> MakeXmlFormat(const XmlOptions& options) {
  return std::make_shared<XmlFormat>(options);
}

}  // namespace millrace::io
