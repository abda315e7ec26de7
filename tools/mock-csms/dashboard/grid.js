/* A table of any number of rows, of which only those that are to be seen are in the page. Rows have one height; the columns are CSS
 * grid tracks. Keyboard: arrows, Page Up and Down, Home, End move, Enter opens. aria-rowcount and aria-rowindex tell the whole. */
import {el, setAttribute, setText} from "./dom.js";

const SPARE = 6; // rows kept above and below what is to be seen

/* Which columns there are on a wide, a narrow and a phone's page, and how wide each is. */
const WIDTHS = [
    ["--tracks", () => true, (c) => c.track ?? "1fr"],
    ["--narrow-tracks", (c) => !c.extra, (c) => c.track ?? "1fr"],
    ["--phone-tracks", (c) => c.phone, (c) => c.phone === true ? "1fr" : c.phone],
];

function classesOf(column) {
    return `cell${column.numeric ? " numeric" : ""}${column.extra ? " extra" : ""}${column.phone ? "" : " wide"}`;
}

/* columns: [{name, label, track (CSS), sort (may sort by it), phone (also on a phone), extra (only where there is room), numeric,
 *            show(cell, row): fills the cell; else text(row)}]
 * options: label, key(row), open(row), onSort(name, descending), sorted ("name" or "-name"), selected (a Set of keys: rows get
 * a box; onSelect() is called), emptyText */
export class Grid {
    constructor(columns, options) {
        this.columns = columns;
        this.options = options;
        this.rows = [];
        this.pool = [];
        this.first = -1;
        this.current = 0;
        this.head = el("div", {role: "row", class: "grid-row grid-head", "aria-rowindex": 1}, this.heads());
        this.body = el("div", {role: "rowgroup", class: "grid-body"});
        this.sizer = el("div", {class: "grid-sizer", role: "presentation"}, this.body);
        this.scroll = el("div", {class: "grid-scroll", role: "presentation", tabindex: -1}, this.sizer);
        this.element = el("div", {class: "grid", role: "grid", "aria-label": options.label, "aria-colcount": columns.length},
                          el("div", {role: "rowgroup", class: "grid-top"}, this.head), this.scroll);
        for (const [name, has, track] of WIDTHS)
            this.element.style.setProperty(name, [options.selected ? "2.2rem" : "", ...columns.filter(has).map(track)].join(" "));
        this.scroll.addEventListener("scroll", () => this.paint(), {passive: true});
        this.body.addEventListener("keydown", (event) => this.onKey(event));
        this.body.addEventListener("click", (event) => this.onClick(event));
        this.observer = new ResizeObserver(() => this.paint());
        this.observer.observe(this.scroll);
    }

    heads() {
        const heads = this.columns.map((c) => {
            const classes = classesOf(c);
            if (!c.sort)
                return el("div", {role: "columnheader", class: classes}, c.label);
            const button = el("button", {type: "button", class: "sort", on: {click: () => this.sortBy(c.name)}}, c.label, el("span", {"aria-hidden": "true"}));
            return el("div", {role: "columnheader", class: classes, "data-name": c.name}, button);
        });
        if (this.options.selected) {
            this.allBox = el("input", {type: "checkbox", "aria-label": "All that are listed", on: {change: () => this.selectAll(this.allBox.checked)}});
            heads.unshift(el("div", {role: "columnheader", class: "cell box"}, this.allBox));
        }
        return heads;
    }

    sortBy(name) {
        this.options.sorted = this.options.sorted === name ? `-${name}` : name;
        this.options.onSort?.(this.options.sorted);
        this.showSort();
    }

    showSort() {
        for (const head of this.head.querySelectorAll("[data-name]")) {
            const up = this.options.sorted === head.dataset.name, down = this.options.sorted === `-${head.dataset.name}`;
            setAttribute(head, "aria-sort", up ? "ascending" : down ? "descending" : "none");
        }
    }

    selectAll(on) {
        for (const row of this.rows)
            if (on)
                this.options.selected.add(this.options.key(row));
            else
                this.options.selected.delete(this.options.key(row));
        this.options.onSelect?.();
        this.repaint();
    }

    /* Other rows, or the same in another order. */
    setRows(rows) {
        this.rows = rows;
        this.current = Math.min(this.current, Math.max(rows.length - 1, 0));
        setAttribute(this.element, "aria-rowcount", rows.length + 1);
        this.sizer.style.height = `${rows.length * this.height()}px`;
        this.showSort();
        this.repaint();
    }

    height() {
        this.rowHeight ||= parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) || 36;
        return this.rowHeight;
    }

    /* What is to be seen anew, also where it stands as it stood. */
    repaint() {
        this.first = -1;
        this.paint();
    }

    paint() {
        const height = this.height(), top = this.scroll.scrollTop, room = this.scroll.clientHeight || 600;
        const first = Math.max(0, Math.floor(top / height) - SPARE);
        const last = Math.min(this.rows.length, Math.ceil((top + room) / height) + SPARE);
        if (first === this.first && last - first === this.painted)
            return;
        this.first = first;
        this.painted = last - first;
        this.entry = Math.min(Math.max(this.current, first), Math.max(last - 1, first)); // by Tab one comes to a row that is there
        while (this.pool.length < this.painted)
            this.pool.push(this.makeRow());
        for (let i = 0; i < this.pool.length; i++)
            this.fillRow(this.pool[i], first + i < last ? first + i : -1);
        this.body.style.transform = `translateY(${first * height}px)`;
    }

    makeRow() {
        const cells = this.columns.map((c) => el("div", {role: "gridcell", class: classesOf(c)}));
        const box = this.options.selected ? el("input", {type: "checkbox", tabindex: -1}) : null;
        const row = el("div", {role: "row", class: "grid-row", tabindex: -1}, box ? el("div", {role: "gridcell", class: "cell box"}, box) : null, cells);
        this.body.append(row);
        return {row, cells, box, index: -1};
    }

    fillRow(line, index) {
        line.index = index;
        line.row.hidden = index < 0;
        if (index < 0)
            return;
        const data = this.rows[index];
        setAttribute(line.row, "aria-rowindex", index + 2);
        setAttribute(line.row, "tabindex", index === this.entry ? 0 : -1);
        if (line.box) {
            const key = this.options.key(data);
            line.box.checked = this.options.selected.has(key);
            setAttribute(line.box, "aria-label", `Choose ${key}`);
            setAttribute(line.row, "aria-selected", String(line.box.checked));
        }
        for (let i = 0; i < this.columns.length; i++)
            if (this.columns[i].show)
                this.columns[i].show(line.cells[i], data);
            else
                setText(line.cells[i], this.columns[i].text(data));
    }

    lineOf(element) {
        const row = element.closest(".grid-row");
        return this.pool.find((line) => line.row === row && line.index >= 0);
    }

    onClick(event) {
        const line = this.lineOf(event.target);
        if (!line)
            return;
        const data = this.rows[line.index];
        this.current = line.index;
        if (line.box && event.target.closest(".box")) {
            this.toggle(data, event.target === line.box ? line.box.checked : !line.box.checked);
            return;
        }
        if (!event.target.closest("a, button"))
            this.options.open?.(data);
    }

    toggle(data, on) {
        const key = this.options.key(data);
        if (on)
            this.options.selected.add(key);
        else
            this.options.selected.delete(key);
        this.options.onSelect?.();
        this.repaint();
    }

    onKey(event) {
        const page = Math.max(1, Math.floor(this.scroll.clientHeight / this.height()) - 1);
        const moves = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity};
        const line = this.lineOf(event.target);
        if (!line)
            return;
        if (event.key in moves) {
            event.preventDefault();
            this.go(Math.min(this.rows.length - 1, Math.max(0, line.index + moves[event.key])));
        } else if (event.key === "Enter" && event.target === line.row) {
            this.options.open?.(this.rows[line.index]);
        } else if (event.key === " " && line.box && event.target === line.row) {
            event.preventDefault();
            this.toggle(this.rows[line.index], !line.box.checked);
        }
    }

    /* Makes a row the current one, seen and focused. */
    go(index) {
        const height = this.height(), top = index * height, room = this.scroll.clientHeight;
        this.current = index;
        if (top < this.scroll.scrollTop)
            this.scroll.scrollTop = top;
        else if (top + height > this.scroll.scrollTop + room)
            this.scroll.scrollTop = top + height - room;
        this.repaint();
        this.pool.find((line) => line.index === index)?.row.focus({preventScroll: true});
    }

    /* Whether somebody points at a row, or is on one. */
    isInUse() {
        return this.body.matches(":hover, :focus-within");
    }

    close() {
        this.observer.disconnect();
    }
}
