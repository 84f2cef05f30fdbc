// 8x8's fields by their names at 8x8, and `all` in 8x8's order. The table is what `eightxeight-exporter fields
// --format tsv` prints.
local lines = std.split(std.rstripChars(importstr 'fields.tsv', '\n'), '\n');
local columns = std.split(lines[0], '\t');
local field(line) =
  local cells = std.split(line, '\t');
  { [columns[i]]: cells[i] for i in std.range(0, std.length(columns) - 1) };

local all = [field(line) for line in lines[1:]];

{ [field.api_field]: field for field in all } + { all: all }
