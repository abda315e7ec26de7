/* mock-csms: see usage. */
int main(void)
{
        return 1;
}
